// The number on the account's page, and its change.

import { account, showPlan } from "./allowance.js";
import { unwrap } from "./client.js";
import { button, h, toast } from "./dom.js";
import { proveNumber } from "./proof.js";
import { refusal, section } from "./section.js";

/** The section about the number. Calls `changed` when the account has another one. */
export function openNumber(app, changed) {
  return section("Mobile number", "number", async (refresh) => {
    const { mobile } = await account(app);
    const place = h("div");
    const leave = async () => {
      await refresh();
      document.getElementById("change-number").focus();
    };
    const ask = () => proveNumber(app, place, {
      look: "fields",
      label: "New mobile number",
      help: "We send a text message with a code to it. A number that has an account already gets none.",
      submit: "Change the number",
      send: (number) => unwrap(app.api.POST("/user/me/mobile", { body: { mobile: number } })),
      async use(body) {
        showPlan(app, await unwrap(app.api.PUT("/user/me/mobile", { body })));
        toast("The number is changed. Your other devices are signed out.");
        await Promise.all([leave(), changed()]);
      },
      say: (error) => refusal(app, error),
      leave,
    });
    place.append(h("div.pair", {}, h("strong", {}, mobile), button("Change", ask, { id: "change-number", "aria-label": "Change the mobile number" })));
    return place;
  });
}
