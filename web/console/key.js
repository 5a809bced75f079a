// The key: how it gets into the page, and what stands where one is missing.
import {hasKey, useKey} from "./api.js";
import {ask, field, fill, h} from "./dom.js";

const FIRST = "dncd --data-dir DIR --create-operator-key";
const NEXT = "dncctl keys create --scope operate --name NAME";

// The input of a key. Browsers offer to keep what looks like a login; this should stay in memory.
const keyInput = () => h("input", {type: "password", autocomplete: "off", spellcheck: "false",
  name: "dnc-key", required: true, placeholder: "dnck_…", "data-1p-ignore": true,
  "data-lpignore": "true"});

const HINT = "It stays in this page's memory, and is gone when the page is closed or loaded again.";

// Opens the dialog of the button above.
export function enterKey() {
  const input = keyInput();
  const forget = hasKey() && h("p", null, h("button", {type: "button", class: "link",
    onclick: (event) => {
      useKey("");
      event.target.closest("form").querySelector(".buttons .quiet").click();
    }}, "Forget the key that is here"));
  return ask({title: hasKey() ? "Use another key" : "Enter a key", confirm: "Use this key",
    body: [field("Key", input, HINT), forget], check: () => use(input)});
}

function use(input) {
  const secret = input.value.trim();
  if (!/^dnck_[\x21-\x7e]+$/.test(secret)) throw new Error("A key begins with dnck_.");
  useKey(secret);
}

// What a page shows that the server refuses to a caller like this.
export function needsKey(error) {
  const input = keyInput();
  const trouble = h("p", {class: "trouble", role: "alert"});
  const submit = (event) => {
    event.preventDefault();
    try {
      use(input);
    } catch (wrong) {
      fill(trouble, wrong.message);
    }
  };
  return h("section", {class: "needs-key"},
    h("h2", null, "This page needs an operator's key"),
    h("p", {class: "said"}, error.message),
    h("form", {onsubmit: submit}, field("Key", input, HINT), trouble,
      h("div", {class: "buttons"}, h("button", {type: "submit", class: "main"}, "Use this key"))),
    h("h3", null, "How to make one"),
    h("p", null, "The first key of a server, made while it is stopped:"),
    h("pre", null, h("code", null, FIRST)),
    h("p", null, "Another one, by somebody who has one in ", h("code", null, "DNC_KEY"), ":"),
    h("pre", null, h("code", null, NEXT)));
}

// What went wrong, where a page would be.
export function problem(error) {
  if (error.needsKey) return needsKey(error);
  return h("section", {class: "problem", role: "alert"}, h("h2", null, "No answer to show"),
    h("p", {class: "said"}, error.message), error.reason && h("p", {class: "muted"}, error.reason));
}
