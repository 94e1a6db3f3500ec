// The door: people sign in by proving their number. The first time makes their account.

import { unwrap } from "./client.js";
import { h } from "./dom.js";
import { proveNumber } from "./proof.js";

/** Shows the door in `place`. */
export function openDoor(app, place) {
  document.title = "Sign in – Chat";
  proveNumber(app, place, {
    look: "card",
    heads: [
      [h("h1", {}, "Sign in"), h("p.help", {}, "New here? The first code makes your account.")],
      [h("h1", {}, "Enter the code")],
    ],
    label: "Mobile number",
    help: "With the country's code. We send a text message with a code, and nothing else.",
    known: sessionStorage.getItem("number") ?? "",
    submit: "Sign in",
    async send(mobile) {
      const sent = await unwrap(app.api.POST("/auth/send-otp", { body: { mobile } }));
      sessionStorage.setItem("number", mobile);
      return sent;
    },
    // The client keeps the tokens, and tells that the session began.
    use: (body) => unwrap(app.api.POST("/auth/verify-otp", { body })),
  });
}
