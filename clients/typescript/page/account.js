// The account: name and e-mail, the number, the plan, the devices, and the ends of a session and of the account.

import { account } from "./allowance.js";
import { unwrap } from "./client.js";
import { button, form, h, icon, minute, toast } from "./dom.js";
import { openNumber } from "./number.js";
import { openPlan } from "./plan.js";
import { refusal, section } from "./section.js";

/** The account's page. */
export function openAccount(app) {
  const [plan, others] = [openPlan(app), devices(app)];
  // A new number ends the other devices' sessions.
  const sections = [profile(app), openNumber(app, others.refresh), plan, others, ending(app)];
  const back = h("a.button.quiet.back", { href: "#/rooms", "aria-label": "Conversations" }, icon("back"));
  const head = h("header.bar", {}, back, h("div.title", {}, h("h2", {}, "Account")));
  const element = h("section.account", {}, head, h("div.scroll", {}, h("div.sheet", {}, sections.map((one) => one.element))));
  return { element, room: null, title: "Account – Chat", focus: () => element.parentElement.focus(), close() {}, paid: plan.refresh };
}

function profile(app) {
  return section("Profile", "profile", async () => {
    const known = await account(app);
    const name = h("input", { id: "name", autocomplete: "name", value: known.name ?? "" });
    const email = h("input", { id: "email", type: "email", autocomplete: "email", value: known.email ?? "" });
    const fields = [
      h("label", { for: "name" }, "Name"), name,
      h("label", { for: "email" }, "E-mail"), email,
    ];
    return form("fields", fields, "Save", async () => {
      const body = { name: name.value.trim() || null, email: email.value.trim() || null };
      await unwrap(app.api.PATCH("/user/me", { body }));
      await app.refresh();
      toast("Saved.");
    });
  });
}

function devices(app) {
  return section("Devices", "devices", async (refresh) => {
    const { data } = await unwrap(app.api.GET("/auth/sessions"));
    const items = data.map((one) => {
      const end = button("Sign out", async () => {
        await unwrap(app.api.DELETE("/auth/sessions/{session}", { params: { path: { session: one.id } } }));
        await refresh();
      }, { kind: ".link", "aria-label": `Sign out ${device(one.user_agent)}` });
      const about = h("p.help", {}, `Since ${minute(one.created_at)}, last used ${minute(one.last_used_at)}`);
      return h("li.pair", {}, h("div", {}, h("strong", {}, device(one.user_agent)), about), one.current ? h("span.tag", {}, "This device") : end);
    });
    return h("ul.devices", {}, items);
  });
}

/** A device in words, from what its browser says of itself. */
function device(agent) {
  const browser = [[/Edg\//, "Edge"], [/Firefox\//, "Firefox"], [/Chrome\//, "Chrome"], [/Safari\//, "Safari"]];
  const system = [[/iPhone|iPad/, "iOS"], [/Android/, "Android"], [/Mac OS/, "macOS"], [/Windows/, "Windows"], [/Linux/, "Linux"]];
  const name = (list) => list.find(([pattern]) => pattern.test(agent ?? ""))?.[1];
  if (!name(browser)) return agent || "Unknown device";
  return [name(browser), name(system)].filter(Boolean).join(" on ");
}

function ending(app) {
  return section("Leave", "leave", () => {
    const problem = h("p.error", { role: "alert", hidden: true });
    const failed = (error) => {
      problem.replaceChildren(...refusal(app, error));
      problem.hidden = false;
    };
    return [
      h("div.row", {},
        button("Sign out", () => app.chat.session.signOut(), { id: "sign-out", failed }),
        button("Sign out on all devices", () => app.chat.session.signOut({ everywhere: true }), { failed }),
        button("Delete the account", async () => {
          if (!confirm("Delete the account with all of its conversations? This cannot be undone.")) return;
          await unwrap(app.api.DELETE("/user/me"));
          toast("The account is deleted.");
        }, { kind: ".danger", id: "delete-account", failed })),
      problem,
    ];
  });
}
