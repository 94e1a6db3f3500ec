// The page: what is shown follows from the session and the address. `#/` is a new conversation, `#/room/ID` one that is
// there, `#/account` the account.

import { openAccount } from "./account.js";
import { showPlan, tier } from "./allowance.js";
import { browserTokens, createChatClient, unwrap } from "./client.js";
import { openConversation } from "./conversation.js";
import { h, toast, words } from "./dom.js";
import { forgetDrafts } from "./drafts.js";
import { openRooms } from "./rooms.js";
import { openDoor } from "./sign-in.js";

const main = document.getElementById("main");
const door = document.getElementById("door");

async function start() {
  const config = await (await fetch("config.json")).json();
  const tools = config.developer ? await import("./panel.js") : null;
  const chat = createChatClient({ baseUrl: config.api, tokens: browserTokens(), fetch: tools?.record });
  const app = { chat, config, api: chat.api, account: null, view: null };
  app.rooms = openRooms(app);
  app.refresh = async () => showPlan(app, await unwrap(chat.api.GET("/user/me")));
  app.leave = () => location.assign("#/");
  tools?.openPanel();
  addEventListener("hashchange", () => show(app));
  // Its address is no place of the page.
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    main.focus();
  });
  await chat.session.ready;
  chat.session.onChange(() => enter(app));
  document.getElementById("boot").hidden = true;
  await enter(app);
}

/** Shows the page or its door. It is called again when the session begins or ends, also in another tab. */
async function enter(app) {
  const inside = app.chat.session.signedIn;
  if (app.inside === inside) return;
  app.inside = inside;
  document.getElementById("app").hidden = !inside;
  door.hidden = inside;
  app.view?.close();
  app.view = null;
  main.replaceChildren();
  if (!inside) return leave(app);
  door.replaceChildren();
  sessionStorage.removeItem("number");
  try {
    await app.refresh();
  } catch (error) {
    toast(words(error));
  }
  if (!app.inside) return;
  app.rooms.refresh();
  arrive(app);
  show(app);
}

/** Shows the door. The next person on this device sees nothing of the one before. */
function leave(app) {
  forgetDrafts();
  app.account = null;
  app.rooms.clear();
  document.getElementById("me").replaceChildren();
  if (location.hash.startsWith("#/room/")) history.replaceState(null, "", location.pathname);
  openDoor(app, door);
}

function show(app) {
  if (!app.inside) return;
  const [, place, id] = location.hash.match(/^#\/(\w*)\/?([\w-]*)/) ?? [];
  if (place === "room" && app.view?.room === id) return;
  app.view?.close();
  app.view = place === "account" ? openAccount(app) : openConversation(app, place === "room" ? id : null);
  document.body.dataset.place = place || "new";
  document.title = app.view.title ?? "Chat";
  main.replaceChildren(app.view.element);
  app.rooms.mark(app.view.room);
  app.view.focus?.();
}

/** Where the payment page sent the user back from: `?from=paid`, `unpaid` or `portal`. */
function arrive(app) {
  const from = new URLSearchParams(location.search).get("from");
  if (!from) return;
  const place = sessionStorage.getItem("place") ?? "#/account";
  sessionStorage.removeItem("place");
  history.replaceState(null, "", location.pathname + place);
  if (from === "unpaid") toast("Nothing was paid. Your plan is as it was.");
  if (from === "paid") confirmPayment(app);
}

/** Stripe tells the service about a payment, which can take some seconds. */
async function confirmPayment(app) {
  const note = h("p.banner", { id: "paid", role: "status" }, "Thank you. Waiting for the confirmation of the payment …");
  document.body.append(note);
  for (let tries = 0; tries < 60 && tier(app) !== "pro"; tries++) {
    await new Promise((done) => setTimeout(done, 1000));
    await app.refresh().catch(() => null);
  }
  note.textContent = tier(app) === "pro" ? "You are on Pro now." : "The payment is not confirmed yet. The account shows it once it is.";
  app.view?.paid?.();
  setTimeout(() => note.remove(), 8000);
}

start().catch((error) => {
  const boot = document.getElementById("boot");
  boot.textContent = `The page could not start: ${words(error)}`;
  boot.hidden = false;
});
