// Makes elements. Whatever comes from the server becomes text here, never markup.

// h("button", {class: "quiet", onclick: go, "aria-label": "Go"}, "Go"). A property that is false,
// null or undefined is left out, as are such children; children that are lists are flattened.
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else if (name === "value" || name === "checked" || name === "selected") {
      element[name] = value;
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === false || child === null || child === undefined) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

// Puts other children in place of an element's.
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

// A table with a caption for those who don't see it. `columns`: [{label, number}]; `rows`: elements.
export function table(caption, columns, rows) {
  return h("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": caption},
    h("table", null,
      h("caption", {class: "hidden"}, caption),
      h("thead", null, h("tr", null, columns.map((column) =>
        h("th", {scope: "col", class: column.number && "number"}, column.label)))),
      h("tbody", null, rows.map((line) => labelled(columns, line)))));
}

// On a phone each row becomes a card, and its cells are labelled.
function labelled(columns, line) {
  for (const [i, cell] of [...line.children].entries()) cell.dataset.label = columns[i]?.label ?? "";
  return line;
}

// A labelled field. `hint` stands below it and is read with it.
let fields = 0;
export function field(label, input, hint) {
  const id = `field-${++fields}`;
  input.id = id;
  if (hint) input.setAttribute("aria-describedby", `${id}-hint`);
  return h("div", {class: "field"}, h("label", {for: id}, label), input,
    hint && h("small", {id: `${id}-hint`}, hint));
}

// Says something to those who hear the page.
export function announce(text) {
  let box = document.getElementById("announcer");
  if (!box) {
    box = h("div", {id: "announcer", class: "hidden", role: "status"});
    document.body.append(box);
  }
  box.textContent = text;
}

// Asks in a dialog. `body` is what stands in it. `check` is called when the person confirms and may
// return a promise; what it throws is shown, and the dialog stays. Resolves to whether it was
// confirmed.
export function ask({title, body, confirm, danger, check, only}) {
  return new Promise((resolve) => {
    const heading = h("h2", {id: "dialog-title"}, title);
    const trouble = h("p", {class: "trouble", role: "alert"});
    const yes = h("button", {type: "submit", class: danger ? "danger" : "main"}, confirm);
    const no = h("button", {type: "button", class: "quiet", onclick: () => end(false)}, "Cancel");
    const form = h("form", {class: "dialog", novalidate: false, onsubmit: submit}, heading, body,
      trouble, h("div", {class: "buttons"}, only ? null : no, yes));
    const dialog = h("dialog", {"aria-labelledby": "dialog-title",
      oncancel: (event) => { event.preventDefault(); if (!only) end(false); }}, form);
    const before = document.activeElement;
    async function submit(event) {
      event.preventDefault();
      yes.disabled = true;
      trouble.textContent = "";
      try {
        await check?.();
        end(true);
      } catch (error) {
        trouble.textContent = error.message;
        yes.disabled = false;
        yes.focus();
      }
    }
    function end(confirmed) {
      dialog.close();
      dialog.remove();
      if (before?.isConnected) before.focus();
      resolve(confirmed);
    }
    document.body.append(dialog);
    dialog.showModal();
    (form.querySelector("input, select, textarea") ?? (danger ? no : yes)).focus();
  });
}
