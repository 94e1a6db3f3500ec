// The phone's messages beside the code: those of the local stack, and codes that the service itself returned.

import { h } from "./dom.js";

const INBOX_MILLISECONDS = 1500;

/** What a number receives. `use(code)` gets the code of a message that is pressed. */
export function openInbox(app, mobile, use) {
  const list = h("ul", { "aria-live": "polite" });
  const element = h("section.inbox", { "aria-label": "Text messages", hidden: !app.config.developer },
    h("h2", {}, "Messages"), h("p.help", {}, `What ${mobile} receives. Press a message to use its code.`), list);
  const answered = [];
  let delivered = [];
  function draw() {
    const texts = [...delivered, ...answered];
    if (list.childElementCount === texts.length) return;
    list.replaceChildren(...texts.map((text) => {
      const found = text.match(/\d{4,10}/)?.[0] ?? "";
      return h("li", {}, h("button.sms", { type: "button", onclick: () => use(found) }, text));
    }));
  }
  async function look() {
    delivered = await (await fetch(`dev/sms?number=${encodeURIComponent(mobile)}`)).json();
    draw();
  }
  const timer = app.config.developer && setInterval(() => look().catch(() => null), INBOX_MILLISECONDS);
  if (timer) look().catch(() => null);
  return {
    element,
    close: () => clearInterval(timer),
    /** Takes the code of a response, which deployments for developers return instead of sending it. */
    take(sent) {
      if (!sent.otp) return;
      answered.push(`${sent.otp} is your code.`);
      element.hidden = false;
      draw();
    },
  };
}
