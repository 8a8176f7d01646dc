// A stub of a model that calls tools: node stub-with-tools.mjs PORT LOG
// In the last message of the user: CALL={"name":"exec","args":{…}}END calls that tool; SPAWN=<base64 of a task> starts a sub-agent
// by way of tool_call. After a tool's result it answers "done: <result>", else it repeats the end of the message.
import http from "node:http";
import { appendFileSync } from "node:fs";

const port = Number(process.argv[2]), log = process.argv[3];
const plain = (content) => (typeof content === "string" ? content : (content ?? []).map((part) => part.text ?? "").join(""))
  .replace(/<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>[\s\S]*?<<<END_OPENCLAW_INTERNAL_CONTEXT>>>/g, "").trim();
let calls = 0;

http.createServer((request, response) => {
  if (request.method === "GET") {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ object: "list", data: [{ id: "stub-1", object: "model" }] }));
    return;
  }
  let raw = "";
  request.setEncoding("utf8");
  request.on("data", (part) => (raw += part));
  request.on("end", () => {
    const id = ++calls, messages = JSON.parse(raw || "{}").messages ?? [];
    let at = -1;
    messages.forEach((message, index) => { if (message.role === "user" && plain(message.content)) at = index; });
    const last = at < 0 ? "" : plain(messages[at].content);
    const results = messages.slice(at + 1).filter((message) => message.role === "tool").map((message) => plain(message.content));
    appendFileSync(log, JSON.stringify({ id, last: last.slice(-1000), results }) + "\n");
    const spawn = /SPAWN=([A-Za-z0-9+/=]+)/.exec(last), asked = /CALL=(\{[\s\S]*?\})END/.exec(last);
    const spawned = spawn && { name: "tool_call", args: { id: "sessions_spawn", args: { task: Buffer.from(spawn[1], "base64").toString() } } };
    const call = results.length ? null : spawned || (asked && JSON.parse(asked[1]));
    const base = { id: `chatcmpl-${id}`, created: Math.floor(Date.now() / 1000), model: "stub-1", object: "chat.completion.chunk" };
    const send = (delta, reason = null, more = {}) =>
      response.write(`data: ${JSON.stringify({ ...base, choices: [{ index: 0, delta, finish_reason: reason }], ...more })}\n\n`);
    response.writeHead(200, { "content-type": "text/event-stream" });
    send({ role: "assistant", content: "" });
    if (call) {
      send({ tool_calls: [{ index: 0, id: `call_${id}`, type: "function", function: { name: call.name, arguments: JSON.stringify(call.args ?? {}) } }] });
      send({}, "tool_calls");
    } else {
      send({ content: results.length ? `done: ${results.join(" | ")}` : `stub reply: ${last.slice(-200)}` });
      send({}, "stop");
    }
    response.end(`data: ${JSON.stringify({ ...base, choices: [], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } })}\n\ndata: [DONE]\n\n`);
  });
}).listen(port, "127.0.0.1");
