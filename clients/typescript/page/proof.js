// Proving a number: the number, then the code that a text message brings. The door and the account do it.

import { form, h, toast, words } from "./dom.js";
import { openInbox } from "./inbox.js";

/**
 * Asks in `place` for a number and for the code that is sent to it. `way` has the forms' `look`, `label`, `help`, `submit`
 * and perhaps the `heads` of both; `send(mobile)` and `use({ challenge_id, otp })` ask the API, `say(error)` puts its
 * refusals; with `leave` one may leave it.
 */
export function proveNumber(app, place, way) {
  const number = h("input", {
    id: "mobile", type: "tel", autocomplete: "tel", inputmode: "tel", placeholder: "+1 415 555 0100", required: true,
    "aria-describedby": "mobile-help", value: way.known,
  });
  const fields = [h("label", { for: "mobile" }, way.label), number, h("p.help", { id: "mobile-help" }, way.help)];
  const card = form(way.look, fields, "Send the code", async () => {
    const mobile = number.value.replace(/[\s()./-]/g, "");
    askCode(app, place, { ...way, known: mobile }, await send(way, mobile));
  }, way.say);
  card.prepend(...(way.heads?.[0] ?? []));
  if (way.leave) card.append(h("p.links", {}, link("Keep the present one", way.leave)));
  place.replaceChildren(h("div.proof", {}, card));
  number.focus();
}

const link = (label, onclick, more) => h("button.link", { type: "button", onclick, ...more }, label);

async function send(way, mobile) {
  return { at: Date.now(), ...(await way.send(mobile)) };
}

function askCode(app, place, way, sent) {
  const code = h("input.code", {
    id: "otp", inputmode: "numeric", autocomplete: "one-time-code", maxlength: "10", required: true, spellcheck: "false",
    "aria-describedby": "otp-help",
  });
  const again = link("", resend, { id: "resend" });
  const fields = [h("label", { for: "otp" }, "Code"), code, h("p.help", { id: "otp-help" }, `Sent to ${way.known}.`)];
  const card = form(way.look, fields, way.submit, async () => {
    await way.use({ challenge_id: sent.challenge_id, otp: code.value.trim() });
    end();
  }, way.say);
  card.prepend(...(way.heads?.[1] ?? []));
  card.append(h("p.links", {}, again, link("Another number", back)));
  const inbox = openInbox(app, way.known, (found) => {
    code.value = found;
    code.focus();
  });
  // The place may be left by other ways.
  const clock = setInterval(() => (card.isConnected ? count() : end()), 1000);
  function end() {
    clearInterval(clock);
    inbox.close();
  }
  function back() {
    end();
    proveNumber(app, place, way);
  }
  function count() {
    const left = Math.ceil((sent.at + sent.resend_after * 1000 - Date.now()) / 1000);
    again.disabled = left > 0;
    again.textContent = left > 0 ? `Send another code in ${left} s` : "Send another code";
  }
  async function resend() {
    try {
      sent = await send(way, way.known);
      inbox.take(sent);
      count();
    } catch (error) {
      toast(words(error));
    }
  }
  count();
  inbox.take(sent);
  place.replaceChildren(h("div.proof", {}, card, inbox.element));
  code.focus();
}
