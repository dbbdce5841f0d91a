// What a person sees: a text, and the words that may come next.
"use strict";

const SAID = {
  en: {
    asked: "Write, and see what may come next:",
    how: "A click or Tab takes the first word; the arrow keys choose another.",
    about: (m) => `A model (${m.architecture.toUpperCase()}) of ${m.tokens.length.toLocaleString()} tokens, made by seqcli. ` +
      "It computes in this page; nothing is sent anywhere.",
    longest: " Text is cut into the longest words it knows.",
  },
  ja: {
    asked: "書くと、次に来そうな語が出ます:",
    how: "クリックかTabで最初の語を入れます。矢印キーでほかの語を選べます。",
    about: (m) => `${m.tokens.length.toLocaleString()}語を知るモデル(${m.architecture.toUpperCase()})、seqcliで作成。` +
      "計算はこのページの中で行い、何も送りません。",
    longest: "文章は、知っている最も長い語に分けます。",
  },
};
const lang = navigator.language.startsWith("ja") ? "ja" : "en";
const said = SAID[lang], $ = (id) => document.getElementById(id);
const model = new Model(MODEL), text = $("text"), words = $("words");
const COUNT = 10;

document.documentElement.lang = lang;
document.title = $("title").textContent = MODEL.name;
$("asked").textContent = said.asked;
$("how").textContent = said.how;
$("about").textContent = said.about(MODEL) + (["japanese", "mecab"].includes(MODEL.tokenizer) ? said.longest : "");

function take(one) {
  text.value = model.added(text.value, one);
  text.focus();
  show();
}

function show() {
  const found = model.suggest(text.value, COUNT);
  const top = found.length ? found[0].probability : 1;
  words.replaceChildren(...found.map((one) => {
    const item = document.createElement("li"), button = document.createElement("button");
    const word = document.createElement("span"), share = document.createElement("span");
    word.textContent = one.word.trim() || "␣";
    share.textContent = `${(100 * one.probability).toFixed(one.probability < 0.1 ? 1 : 0)} %`;
    button.type = "button";
    button.style.setProperty("--share", `${Math.max(100 * one.probability / top, 0.5)}%`);
    button.append(word, share);
    button.addEventListener("click", () => take(one));
    item.append(button);
    return item;
  }));
  text.first = found[0];
}

let waiting = 0;
text.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(show, 60);  // of one who types quickly, the end of a run of keys
});
text.addEventListener("keydown", (event) => {
  if (event.key === "Tab" && !event.shiftKey && text.first) {
    event.preventDefault();
    clearTimeout(waiting);
    show();
    if (text.first) take(text.first);
  } else if (event.key === "Escape") {
    words.querySelector("button")?.focus();  // Tab takes a word, so this is how the keyboard leaves the text
  } else if (event.key === "ArrowDown" && text.selectionEnd === text.value.length) {
    event.preventDefault();
    words.querySelector("button")?.focus();
  }
});
words.addEventListener("keydown", (event) => {
  const buttons = [...words.querySelectorAll("button")], at = buttons.indexOf(document.activeElement);
  if (event.key === "ArrowDown") buttons[Math.min(at + 1, buttons.length - 1)].focus();
  else if (event.key === "ArrowUp") (at ? buttons[at - 1] : text).focus();
  else return;
  event.preventDefault();
});
show();
