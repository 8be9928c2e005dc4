// Which generator is shown, of those that the studio was started with.

const KEPT = "latentwalk-model"; // of this tab, so that it is there again after a reload

export function chooseModel(studio, select) {
  const open = (name) => studio.start("open", { name });
  const follow = () => (select.value = studio.model.name);
  let asked = ""; // once for every connection
  select.onchange = () => open(select.value);
  studio.on("model", ({ name, models }) => {
    select.replaceChildren(...models.map((each) => new Option(each)));
    select.hidden = models.length < 2;
    const wanted = sessionStorage.getItem(KEPT);
    follow();
    if (asked || wanted === name || !models.includes(wanted)) sessionStorage.setItem(KEPT, name);
    else open(wanted);
    asked = name;
  });
  studio.on("opening", ({ name }) => studio.tell(`loading ${name} …`));
  studio.on("ended", ({ job }) => job === "open" && follow());
  studio.on("closed", () => (asked = ""));
}
