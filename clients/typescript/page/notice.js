// The place above the composer, where the API says why something is not done.

import { showAllowance, upgradeCard } from "./allowance.js";
import { button, h, words } from "./dom.js";

/** A place for one notice. */
export function openNotice(app) {
  const element = h("div.notice");
  function say(error, retry) {
    const again = retry && button("Try again", retry, { kind: ".link" });
    element.replaceChildren(h("p.error", { role: "alert" }, words(error), " ", again));
  }
  return {
    element, say,
    clear: () => element.replaceChildren(),
    /** Says why a message or an answer is refused, and offers more if the day's are spent. */
    refuse(error) {
      if (error.code !== "allowance_spent") return say(error);
      if (error.allowance) showAllowance(app, error.allowance);
      element.replaceChildren(upgradeCard(app, error));
    },
  };
}
