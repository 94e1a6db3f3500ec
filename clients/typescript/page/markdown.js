// A small part of Markdown as elements: paragraphs, headings, lists, code, bold, italic. Anything else stays text.

import { h } from "./dom.js";

const FENCE = /^\s*(```|~~~)/;
const HEADING = /^(#{1,6})\s+(.*)$/;
const ITEM = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)$/;
const INLINE = /(`+)([^`]|[^`].*?[^`])\1(?!`)|\*\*(\S(?:.*?\S)?)\*\*|\*(\S(?:.*?\S)?)\*/s;

/** The elements of a text. A code block that has no end yet is one already. */
export function markdown(text) {
  const lines = text.split("\n");
  const blocks = [];
  while (lines.length) {
    const line = lines[0];
    if (!line.trim()) lines.shift();
    else if (FENCE.test(line)) blocks.push(code(lines));
    else if (HEADING.test(line)) blocks.push(h("h3", {}, inline(lines.shift().match(HEADING)[2])));
    else if (ITEM.test(line)) blocks.push(list(lines));
    else blocks.push(paragraph(lines));
  }
  return blocks;
}

function code(lines) {
  const fence = lines.shift().match(FENCE)[1];
  const end = lines.findIndex((line) => line.trim() === fence);
  const inside = lines.splice(0, end < 0 ? lines.length : end);
  lines.shift();
  // A block that scrolls must be reachable by keyboard.
  return h("pre", { tabindex: "0", "aria-label": "Code" }, h("code", {}, inside.join("\n")));
}

function list(lines) {
  const [, number] = lines[0].match(ITEM);
  const items = [];
  while (lines.length && ITEM.test(lines[0]) && Boolean(lines[0].match(ITEM)[1]) === Boolean(number)) {
    const item = [lines.shift().match(ITEM)[2]];
    while (lines.length && /^\s+\S/.test(lines[0]) && !ITEM.test(lines[0])) item.push(lines.shift().trim());
    items.push(h("li", {}, inline(item.join(" "))));
  }
  return number ? h("ol", { start: number }, items) : h("ul", {}, items);
}

function paragraph(lines) {
  const own = [];
  do own.push(lines.shift());
  while (lines.length && lines[0].trim() && ![FENCE, HEADING, ITEM].some((start) => start.test(lines[0])));
  return h("p", {}, inline(own.join("\n")));
}

function inline(text) {
  const parts = [];
  let rest = text;
  for (let found = rest.match(INLINE); found; found = rest.match(INLINE)) {
    const [whole, , literal, bold, italic] = found;
    parts.push(rest.slice(0, found.index));
    if (literal !== undefined) parts.push(h("code", {}, literal.trim() || literal));
    else if (bold !== undefined) parts.push(h("strong", {}, inline(bold)));
    else parts.push(h("em", {}, inline(italic)));
    rest = rest.slice(found.index + whole.length);
  }
  return [...parts, rest].filter((part) => part !== "");
}
