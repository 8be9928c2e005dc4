"""Many people at one studio, people who vanish, and a day's work in a short time.

    python benchmarks/studio_crowd.py --connections 50 --seconds 60
    python benchmarks/studio_crowd.py --soak 30

Sockets as pages open them, against a studio in a process of its own on this machine. Everybody drags (30 states a
second) and takes what comes. Prints Markdown.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time

import websockets.asyncio.client as websockets

from studio_process import Process, studio

SLIDERS = ("eyeglasses", "smiling", "hat")


def look(seq: int, seed: int = 0) -> str:
    """A state of a drag."""
    edit = {"direction": SLIDERS[seq // 50 % len(SLIDERS)], "amount": (seq % 50 - 25) / 10}
    return json.dumps({"seq": seq, "state": {"seed": seed, "edits": [edit]}, "final": False})


def walk(seed: int) -> str:
    return json.dumps({"job": "walk", "attribute": "black_hair", "target": 0.995, "state": {"seed": seed}})


def header(frame: bytes) -> dict:
    return json.loads(frame[4 : 4 + int.from_bytes(frame[:4], "big")])


async def drag(process: Process, seed: int, seconds: float, hertz: float = 30) -> int:
    """Frames that came. Raises AssertionError when the newest state did not come, or an older one than the last."""
    frames = last = seq = 0
    async with process.socket() as socket:

        async def receive(until: float) -> None:
            nonlocal frames, last
            while (left := until - time.perf_counter()) > 0 or last < seq:
                try:
                    message = await asyncio.wait_for(socket.recv(), max(left, 0) + 0.1 if last >= seq else 60)
                except TimeoutError:
                    assert last >= seq or left > 0, f"state {seq} never came"
                    continue
                if isinstance(message, bytes) and header(message)["kind"] == "frame":
                    assert header(message)["seq"] > last, "a frame that is older than the one before"
                    frames, last = frames + 1, header(message)["seq"]

        end = time.perf_counter() + seconds
        receiving = asyncio.create_task(receive(end))
        while time.perf_counter() < end:
            seq += 1
            await socket.send(look(seq, seed))
            await asyncio.sleep(1 / hertz)
        await receiving
    return frames


async def crowd(process: Process, connections: int, seconds: float) -> list[str]:
    work = (drag(process, seed, seconds) for seed in range(connections))
    got = await asyncio.gather(*work, return_exceptions=True)
    errors = [each for each in got if isinstance(each, BaseException)]
    frames = [each for each in got if isinstance(each, int)]
    fairness = max(frames) / statistics.median(frames)
    return [
        f"| {connections} connections, {seconds:.0f} s: errors, newest states that did not come | {len(errors)} | 0 |",
        f"| frames a second, all together | {sum(frames) / seconds:.0f} | |",
        f"| frames of a connection, max / median | {fairness:.2f} | ≤ 2 |",
        f"| memory (RSS), MiB | {process.memory:.0f} | < 3072 |",
        *(f"| error | {error!r} | |" for error in errors[:3]),
    ]


async def begun(socket: websockets.ClientConnection, seed: int) -> None:
    """Asks for a walk until there is a place for it and its first picture has come."""
    await socket.send(walk(seed))
    while isinstance(message := await asyncio.wait_for(socket.recv(), 60), str):
        if json.loads(message)["kind"] == "refused":
            await asyncio.sleep(0.05)
            await socket.send(walk(seed))


async def vanish(process: Process, clients: int = 100, places: int = 10) -> list[str]:
    """Clients that are gone in the middle of a walk, ten at a time; then all places are asked for at once."""
    files, few = process.open_files, asyncio.Semaphore(places)

    async def go(seed: int) -> None:
        async with few, process.socket() as socket:
            await begun(socket, seed)
            socket.transport.abort()  # no goodbye

    async def come(seed: int) -> None:
        async with process.socket() as socket:
            await begun(socket, seed)

    await asyncio.gather(*(go(seed) for seed in range(clients)))
    start = time.perf_counter()
    await asyncio.gather(*(come(seed) for seed in range(places)))
    free = time.perf_counter() - start
    await asyncio.sleep(1)
    return [
        f"| {clients} clients vanish in a walk; {places} new ones at once begin after s | {free:.1f} | |",
        f"| open files before and after | {files}, {process.open_files} | the same |",
    ]


async def soak(process: Process, minutes: float) -> list[str]:
    """Drags at ten a second, a new connection every twenty seconds, a walk that is left in the middle in each."""
    begun, samples = time.perf_counter(), []
    while (now := time.perf_counter() - begun) < 60 * minutes:
        async with process.socket() as socket:
            await socket.send(walk(len(samples)))
            await asyncio.sleep(1)
            await socket.send(json.dumps({"stop": True}))
        await drag(process, len(samples), 19, 10)
        samples.append((now / 60, process.memory, process.open_files))
        print(f"{now / 60:.1f} min: {process.memory:.0f} MiB, {process.open_files} files", file=sys.stderr, flush=True)
    settled = samples[len(samples) // 5 :]
    slope = statistics.linear_regression([each[0] for each in settled], [each[1] for each in settled]).slope
    files = [each[2] for each in settled]
    return [
        f"| {minutes:.0f} minutes: growth of memory (RSS), MB a minute | {slope:.2f} | < 1 |",
        f"| open files, fewest and most | {min(files)}, {max(files)} | the same |",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="this instead")
    options = parser.parse_args()
    with studio() as process:
        print("| | measured | target |\n|---|---|---|", flush=True)
        if options.soak:
            print("\n".join(asyncio.run(soak(process, options.soak))))
            return
        print("\n".join(asyncio.run(crowd(process, options.connections, options.seconds))), flush=True)
        print("\n".join(asyncio.run(vanish(process))))


if __name__ == "__main__":
    main()
