// People of a running stack (`make run` or `dev/up`): API_URL says where it is.

import { type ChatClient, createChatClient, memoryTokens, type Options, unwrap } from "chat-backend-client";

/** An environment variable that `dev/up` sets. */
export function variable(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run this by dev/up, or against make run`);
  return value;
}

/** A number that no other test has. */
export const fresh = (): string => `+1555${String(Math.floor(Math.random() * 1e9)).padStart(9, "0")}`;

/** The code in the newest text message to a number. */
export async function texted(mobile: string): Promise<string> {
  const inbox = `${variable("AWS_ENDPOINT_URL")}/_ministack/sns/sms-messages?phoneNumber=${encodeURIComponent(mobile)}`;
  for (let tried = 0; tried < 100; tried += 1) {
    const messages = ((await (await fetch(inbox)).json()) as any).sms_messages[mobile] ?? [];
    const code = /\d{6}/.exec(messages.at(-1)?.Message)?.[0];
    if (code) return code;
    await new Promise((next) => setTimeout(next, 100));
  }
  throw new Error(`No code came to ${mobile}`);
}

/** Somebody who has just signed up, with a room. */
export async function person(
  options: Partial<Options> = {},
): Promise<{ chat: ChatClient; room: string; mobile: string }> {
  const mobile = fresh();
  const chat = createChatClient({ baseUrl: variable("API_URL"), tokens: memoryTokens(), ...options });
  const { signup_id } = await unwrap(chat.api.POST("/auth/signup", { body: { mobile, name: "Ada" } }));
  const { challenge_id, otp } = await unwrap(chat.api.POST("/auth/send-otp", { body: { mobile, signup_id } }));
  await unwrap(chat.api.POST("/auth/verify-otp", { body: { challenge_id, otp: otp ?? (await texted(mobile)) } }));
  const room = await unwrap(chat.api.POST("/chatroom", { body: { title: "Tea" } }));
  return { chat, room: room.id, mobile };
}
