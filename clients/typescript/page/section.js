// The parts of the account's page.

import { button, h, words } from "./dom.js";

/** A part of the page: its content is drawn again by `refresh`. */
export function section(title, id, draw) {
  const content = h("div.content");
  const element = h("section", { "aria-labelledby": `${id}-title`, id }, h("h3", { id: `${id}-title` }, title), content);
  async function refresh() {
    try {
      content.replaceChildren(...[await draw(refresh)].flat().filter(Boolean));
    } catch (error) {
      content.replaceChildren(h("p.error", { role: "alert" }, words(error), " ", button("Try again", refresh, { kind: ".link" })));
    }
  }
  refresh();
  return { element, refresh };
}

/** What a refusal says, and the way to sign in again where the sign-in was too long ago. */
export function refusal(app, error) {
  if (error.code !== "fresh_sign_in_required") return [words(error)];
  const again = button("Sign in again", () => {
    sessionStorage.setItem("number", app.account.mobile);
    return app.chat.session.signOut();
  }, { kind: ".link", id: "sign-in-again" });
  return [words(error), " ", again];
}
