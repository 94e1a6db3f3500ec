// The door: a number, then the code that a text message brings. Beside it the messages, where they can be read here.

import { unwrap } from "./client.js";
import { form, h, toast, words } from "./dom.js";

const INBOX_MILLISECONDS = 1500;

/** Shows the door in `place`. */
export function openDoor(app, place) {
  place.replaceChildren(askNumber(app, place));
  document.title = "Sign in – Chat";
  place.querySelector("input").focus();
}

function askNumber(app, place) {
  const number = h("input", {
    id: "mobile", type: "tel", autocomplete: "tel", inputmode: "tel", placeholder: "+1 415 555 0100", required: true,
    "aria-describedby": "mobile-help", value: sessionStorage.getItem("number") ?? "",
  });
  const fields = [
    h("label", { for: "mobile" }, "Mobile number"), number,
    h("p.help", { id: "mobile-help" }, "With the country's code. We send a text message with a code, and nothing else."),
  ];
  const card = form("card", fields, "Send the code", async () => {
    const mobile = number.value.replace(/[\s()./-]/g, "");
    const sent = await sendCode(app, mobile);
    sessionStorage.setItem("number", mobile);
    askCode(app, place, mobile, sent);
  });
  card.prepend(h("h1", {}, "Sign in"), h("p.help", {}, "New here? The first code makes your account."));
  return h("div.door", {}, card);
}

async function sendCode(app, mobile) {
  return { at: Date.now(), ...(await unwrap(app.api.POST("/auth/send-otp", { body: { mobile } }))) };
}

function askCode(app, place, mobile, sent) {
  const code = h("input.code", {
    id: "otp", inputmode: "numeric", autocomplete: "one-time-code", maxlength: "10", required: true, spellcheck: "false",
    "aria-describedby": "otp-help",
  });
  const again = h("button.link", { type: "button", id: "resend" });
  const other = h("button.link", { type: "button", onclick: back }, "Another number");
  const fields = [h("label", { for: "otp" }, "Code"), code, h("p.help", { id: "otp-help" }, `Sent to ${mobile}.`)];
  const card = form("card", fields, "Sign in", async () => {
    const body = { challenge_id: sent.challenge_id, otp: code.value.trim() };
    // The client keeps the tokens, and tells that the session began.
    await unwrap(app.api.POST("/auth/verify-otp", { body }));
    leave();
  });
  card.prepend(h("h1", {}, "Enter the code"));
  card.append(h("p.links", {}, again, other));
  const inbox = openInbox(app, mobile, (found) => {
    code.value = found;
    code.focus();
  });
  // The door may be left in another tab.
  const clock = setInterval(() => (card.isConnected ? count() : leave()), 1000);
  function leave() {
    clearInterval(clock);
    inbox.close();
  }
  function back() {
    leave();
    openDoor(app, place);
  }
  function count() {
    const left = Math.ceil((sent.at + sent.resend_after * 1000 - Date.now()) / 1000);
    again.disabled = left > 0;
    again.textContent = left > 0 ? `Send another code in ${left} s` : "Send another code";
  }
  again.addEventListener("click", async () => {
    try {
      sent = await sendCode(app, mobile);
      inbox.take(sent);
      count();
    } catch (error) {
      toast(words(error));
    }
  });
  count();
  inbox.take(sent);
  place.replaceChildren(h("div.door", {}, card, inbox.element));
  code.focus();
}

/** The phone's messages: those of the local stack, and codes that the service itself returned. */
function openInbox(app, mobile, use) {
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
      answered.push(`${sent.otp} is your sign-in code.`);
      element.hidden = false;
      draw();
    },
  };
}
