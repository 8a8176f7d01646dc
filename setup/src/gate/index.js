// ClawdTalk gate: what the agent is about to do in a turn that was asked for by telephone is held here until `connect`, the one
// device that is bound, says what the owner decided. Reads pass; everything else, and everything unknown, is asked about. Nobody
// there, no word in time, the gateway stopping: it is not done. Turns of other channels are not touched.
import { randomUUID } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const TABLE = JSON.parse(readFileSync(join(HERE, "table.json"), "utf8"));
// Sub-agents of turns by telephone, kept over restarts of the gateway.
const CHILDREN = join(HERE, "children.json");
const MAX_CHILDREN = 2000;

// The hook's own limit, and how long it waits for the word, and for somebody to ask when the line is being connected again.
const LIMIT_MS = 180_000, WAIT_MS = 175_000, ABSENT_MS = 15_000;
const LONGEST = 450;

const PHONE = /^agent:[^:]+:phone(?:[:-]|$)/, STRANGER = /^agent:[^:]+:clawdtalk-stranger(?:[:-]|$)/;
// The name under which `connect` is known to the gateway, and nobody else.
const CLIENT = "openclaw-probe";

const SAY = " Say so in your answer; do not try another way.";
const WORDS = {
  denied: "The owner refused this on the phone. It was NOT done." + SAY,
  denied_before: "The owner refused something in this turn, so nothing else of it is done. It was NOT done." + SAY,
  unanswered: "Nobody answered the question on the owner's phone in time. It was NOT done. It was not refused either." + SAY,
  unaskable: "The owner could not be asked on the phone. It was NOT done. It was not refused either." + SAY,
  too_many: "There were too many questions on the owner's phone. It was NOT done." + SAY,
  too_long: "This is too long to be shown on the owner's phone in full. It was NOT done. Do it in shorter steps, each of which can be shown.",
  stopped: "This was stopped before it was approved. It was NOT done.",
  stranger: "Nothing is done for people who are not the owner. It was NOT done." + SAY,
  question: "Nobody sees this question. Ask in your answer instead.",
  record: "This turn is a report for the record only; nothing is done in it. It was NOT done.",
};

// Everything that has to survive a reload of the plugin.
const state = (globalThis.__clawdtalkGate ??= {
  held: new Map(), poll: null, absentSince: Date.now(), waiting: new Set(), children: readChildren(), settings: {},
});

function readChildren() {
  try { return new Map(Object.entries(JSON.parse(readFileSync(CHILDREN, "utf8")))); } catch { return new Map(); }
}

function addChild(child, root) {
  if (typeof child !== "string" || state.children.get(child) === root) return;
  state.children.set(child, root);
  while (state.children.size > MAX_CHILDREN) state.children.delete(state.children.keys().next().value);
  try {
    writeFileSync(CHILDREN + ".tmp", JSON.stringify(Object.fromEntries(state.children)), { mode: 0o600 });
    renameSync(CHILDREN + ".tmp", CHILDREN);
  } catch { /* it is known until the next restart */ }
}

// The session by telephone that a session belongs to, if it does.
function rootOf(key) {
  if (typeof key !== "string") return null;
  if (PHONE.test(key) || STRANGER.test(key)) return key;
  return state.children.get(key) ?? null;
}

// Whose turn it is: "phone", "stranger", "record", or null for one that is none of ours.
export function whose(ctx) {
  const root = rootOf(ctx?.sessionKey) ?? rootOf(ctx?.channelId);
  if (root) return { kind: STRANGER.test(root) ? "stranger" : "phone", root };
  const by = ctx?.requester;
  if (by?.channel === "webchat" && by.senderId === CLIENT) return { kind: "record", root: ctx.sessionKey };
  return null;
}

const text = (value) => (typeof value === "string" ? value : "");

// One simple command: no list, pipe, redirection, substitution, or second line.
const isSimple = (command) => !/[;|&<>$`\n\r(){}\\!]/.test(command);

function beginsWith(command, prefixes) {
  return prefixes.find((prefix) => command === prefix || command.startsWith(prefix + " "));
}

function isReadingCommand(params, settings) {
  if (Object.keys(params).some((key) => !TABLE.shellKeys.includes(key))) return false;
  const given = text(params.command).trim();
  if (!given || !isSimple(given)) return false;
  const words = given.replace(/ +/g, " ");
  const bin = (Array.isArray(settings.bins) ? settings.bins : []).map(text).find((one) => one && words.startsWith(one + "/"));
  const own = bin ? words.slice(bin.length + 1) : words;
  if (beginsWith(own, TABLE.ownCommands)) return true;
  if (beginsWith(words, Array.isArray(settings.reads) ? settings.reads.map(text).filter(Boolean) : [])) return true;
  const prefix = beginsWith(words, TABLE.commands);
  const options = words.split(" ");
  const writes = TABLE.writingOptions[prefix] ?? [];
  return prefix !== undefined && !options.some((option) => writes.some((one) => option === one || option.startsWith(one + "=") || (one.length === 2 && option.startsWith(one) && option !== prefix)));
}

// Whether a call only reads.
export function isRead(tool, params, settings = {}) {
  if (TABLE.reads.includes(tool)) return true;
  if (TABLE.shellTools.includes(tool)) return isReadingCommand(params ?? {}, settings);
  return (TABLE.readActions[tool] ?? []).includes(params?.action);
}

const clip = (value, n) => (value.length <= n ? JSON.stringify(value) : `${JSON.stringify(value.slice(0, n * 2 / 3))} … ${JSON.stringify(value.slice(-n / 3))} (${value.length} characters)`);
const first = (params, ...keys) => keys.map((key) => params[key]).find((value) => typeof value === "string" && value) ?? "";

// What is about to be done, so that a person can judge it; null where it does not fit.
export function actionOf(tool, params) {
  params = params ?? {};
  const path = first(params, "path", "file_path", "filePath", "file");
  let said;
  if (TABLE.shellTools.includes(tool)) {
    const where = first(params, "workdir", "cwd"), more = Object.keys(params).filter((key) => !["command", "workdir", "cwd"].includes(key));
    const rest = more.length ? ` ${JSON.stringify(Object.fromEntries(more.map((key) => [key, params[key]])))}` : "";
    said = `run: ${text(params.command)}${where ? ` (in ${where})` : ""}${rest}`;
  } else if (tool === "write") {
    const content = text(params.content);
    said = `write ${path} (${Buffer.byteLength(content)} bytes): ${clip(content, 150)}`;
  } else if (tool === "edit") {
    const from = first(params, "oldText", "old_string", "oldString"), to = first(params, "newText", "new_string", "newString");
    said = from || to ? `change ${path}: ${clip(from, 90)} becomes ${clip(to, 90)}` : `change ${path}: ${summary(params)}`;
  } else if (tool === "apply_patch") {
    const patch = first(params, "input", "patch");
    const files = [...patch.matchAll(/^\*\*\* (Add|Update|Delete|Move to)(?: File)?: (.*)$/gm)].map((one) => `${one[1].toLowerCase()} ${one[2]}`);
    said = `patch: ${files.length ? files.join(", ") : clip(patch, 200)} (${patch.length} characters)`;
  } else if (tool === "message") {
    const to = first(params, "target", "to", "channelId", "channel"), words = first(params, "message", "text", "content");
    said = `message ${text(params.action) || "send"} to ${to || "the current conversation"}: ${clip(words, 160)}${rest(params, ["action", "target", "to", "channelId", "channel", "message", "text", "content"])}`;
  } else if (tool === "sessions_spawn") {
    said = `start a sub-agent: ${clip(text(params.task), 240)}${rest(params, ["task"])}`;
  } else {
    said = `${tool}: ${summary(params)}`;
  }
  return said.length <= LONGEST ? said : null;
}

function rest(params, shown) {
  const more = Object.fromEntries(Object.entries(params).filter(([key]) => !shown.includes(key)));
  return Object.keys(more).length ? ` ${summary(more)}` : "";
}

// All parameters; long texts by their first and last words and their length.
function summary(params) {
  const whole = JSON.stringify(params) ?? "";
  if (whole.length <= LONGEST - 60) return whole;
  return JSON.stringify(params, (_, value) => (typeof value === "string" && value.length > 90 ? `${value.slice(0, 50)} … ${value.slice(-20)} (${value.length} characters)` : value)) ?? "";
}

// Whether it makes something that will act later without asking.
export function actsLater(tool, params) {
  params = params ?? {};
  const fits = (patterns, value) => patterns.some((pattern) => new RegExp(pattern).test(value));
  if (TABLE.laterTools.includes(tool)) return true;
  if (TABLE.shellTools.includes(tool)) return params.background === true || fits(TABLE.laterCommands, text(params.command)) || fits(TABLE.laterPaths, text(params.command));
  if (tool === "sessions_send") return true;
  if (tool === "sessions_spawn") return params.visible === true || params.mode === "session";
  const paths = [first(params, "path", "file_path", "filePath", "file"), ...[...first(params, "input", "patch").matchAll(/^\*\*\* (?:Add|Update|Move to)(?: File)?: (.*)$/gm)].map((one) => one[1])];
  return paths.some((path) => fits(TABLE.laterPaths, path));
}

// What the table says: "pass", "hold", or the words with which it is blocked.
export function judge(tool, params, kind, settings = {}) {
  if (TABLE.inner.includes(tool)) return "pass";
  if (TABLE.refused.includes(tool)) return WORDS.question;
  const reads = isRead(tool, params, settings);
  if (kind === "stranger") return reads && settings.strangersRead === true ? "pass" : WORDS.stranger;
  if (reads) return "pass";
  return kind === "record" ? WORDS.record : "hold";
}

const view = (deed) => ({ ...deed.view, leftMs: Math.max(0, deed.until - Date.now()) });

// Answers the open poll where there is something that its client has not seen.
function flush() {
  const poll = state.poll;
  if (!poll) return;
  const news = [...state.held.values()].filter((deed) => !poll.seen.has(deed.view.id));
  if (news.length) poll.done(news.map(view));
}

function hold(tool, params, root, ctx) {
  const id = `deed:${randomUUID()}`;
  const shown = { id, tool, action: actionOf(tool, params), later: actsLater(tool, params), session: ctx.sessionKey, root, runId: ctx.runId };
  return new Promise((resolve) => {
    const end = (word) => { clearTimeout(timer); clearInterval(absent); state.held.delete(id); ctx.abortSignal?.removeEventListener?.("abort", onAbort); resolve(word); };
    const onAbort = () => end("stopped");
    const timer = setTimeout(() => end("unanswered"), WAIT_MS);
    // Nobody can be asked while no poll is open: the line may come back, but not for ever.
    const absent = setInterval(() => { if (!state.poll && Date.now() - state.absentSince > ABSENT_MS) end("unaskable"); }, 1000);
    if (ctx.abortSignal?.aborted) return end("stopped");
    ctx.abortSignal?.addEventListener?.("abort", onAbort, { once: true });
    state.held.set(id, { view: shown, until: Date.now() + WAIT_MS, end });
    flush();
  });
}

export default {
  id: "clawdtalk-gate",
  name: "ClawdTalk gate",
  description: "Asks the owner's phone before the agent acts in a turn by telephone.",
  register(api) {
    const bound = text(api.pluginConfig?.device);
    const isBound = (client) => bound !== "" && client?.connect?.device?.id === bound;
    const method = (name, answer) => api.registerGatewayMethod(name, ({ respond, params, client }) => {
      if (!isBound(client)) return respond(false, undefined, { code: "FORBIDDEN", message: "the gate is bound to another device" });
      return answer(respond, params ?? {});
    }, { scope: "operator.write" });
    method("clawdtalk.gate", (respond, params) => { state.settings = params; respond(true, { version: 1, bound: true }); });
    method("clawdtalk.gate.next", (respond, params) => {
      state.poll?.done([]);
      const seen = new Set(Array.isArray(params.seen) ? params.seen : []);
      const done = (deeds) => { clearTimeout(timer); if (state.poll === poll) { state.poll = null; state.absentSince = Date.now(); } respond(true, { deeds }); };
      const timer = setTimeout(() => done([]), Math.min(240_000, Math.max(1000, Number(params.waitMs) || 25_000)));
      const poll = { seen, done };
      state.poll = poll;
      flush();
    });
    method("clawdtalk.gate.decide", (respond, params) => {
      const deed = state.held.get(params.id);
      if (!deed) return respond(false, undefined, { code: "NOT_FOUND", message: "no such deed" });
      deed.end(params.decision === "allow-once" ? "allow" : text(params.reason) in WORDS ? params.reason : "denied");
      respond(true, { id: params.id });
    });
    api.on("subagent_spawned", (event, ctx) => {
      const root = rootOf(ctx?.requesterSessionKey);
      if (root) addChild(event?.childSessionKey ?? ctx?.childSessionKey, root);
    });
    // What is held when the gateway stops is not done, and does not keep it from stopping.
    api.on("gateway_stop", () => { for (const deed of [...state.held.values()]) deed.end("stopped"); });
    api.on("before_tool_call", async (event, ctx) => {
      const turn = whose(ctx);
      if (!turn) return;
      const verdict = judge(event.toolName, event.params, turn.kind, state.settings);
      if (verdict === "pass") return;
      if (verdict !== "hold") return { block: true, blockReason: verdict };
      const word = await hold(event.toolName, event.params, turn.root, ctx);
      // Exactly what was shown: whatever another plugin made of it meanwhile is not what was approved.
      if (word === "allow") return { params: event.params };
      return { block: true, blockReason: WORDS[word] ?? WORDS.denied };
    }, { timeoutMs: LIMIT_MS, priority: -100 });
  },
};
