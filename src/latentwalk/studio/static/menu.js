// A menu below a button, over whatever is there: arrows move, Escape and anything outside close it.

export function openMenu(button, choices) {
  if (button.getAttribute("aria-expanded") === "true") return;
  const menu = document.createElement("div");
  menu.className = "menu";
  menu.setAttribute("role", "menu");
  for (const [text, act] of choices) {
    const item = Object.assign(document.createElement("button"), { textContent: text, tabIndex: -1 });
    item.setAttribute("role", "menuitem");
    item.onclick = () => {
      close();
      act();
    };
    menu.append(item);
  }
  const close = () => {
    menu.onfocusout = null;
    if (menu.contains(document.activeElement)) button.focus();
    menu.remove();
    button.setAttribute("aria-expanded", "false");
  };
  menu.onkeydown = (event) => {
    const items = [...menu.children];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) items.at((items.indexOf(document.activeElement) + step) % items.length).focus();
    if (event.key === "Escape" || event.key === "Tab") close();
    if (step || event.key === "Escape") event.preventDefault();
    event.stopPropagation();
  };
  menu.onfocusout = ({ relatedTarget }) => menu.contains(relatedTarget) || close();
  button.after(menu);
  button.setAttribute("aria-expanded", "true");
  menu.firstChild.focus();
}
