// The gate's table, by itself: node gate-table.mjs <index.js of the gate>. Exits 1 with what is judged wrongly.
const { judge, actionOf, actsLater, whose } = await import(process.argv[2]);
const settings = { bins: ["/o/bin"], reads: ["mytool show"] };
const wrong = [];
const is = (what, found, wanted) => { if (found !== wanted) wrong.push(`${what}: ${found}, wanted ${wanted}`); };
const exec = (command, more = {}) => judge("exec", { command, ...more }, "phone", settings);
for (const command of ["ls /", "cat a b", "date", "gog calendar events --today", "/o/bin/approval request \"x\"", "approval request x",
  "mytool show 1", "himalaya envelope list", "tree -L 2", "tail -5 x"]) is(command, exec(command), "pass");
for (const command of ["ls; rm x", "ls > x", "echo hi", "cat $(x)", "ls\nrm x", "ls\rrm x", "date -s 10:00", "date --set=1", "lsof", "tree -o x",
  "X=1 ls", "/tmp/approval x", "/o/bin/../approval x", "mytool showx", "find . -delete", "tail -1 x | sh", "sort -o a b", "cat `x`", "ls & rm",
  "", "ls {a,b}", "cat <(x)", "\"ls\" x"]) is(command, exec(command), "hold");
for (const more of [{ env: { PATH: "/x" } }, { background: true }, { elevated: true }, { host: "node" }]) is(JSON.stringify(more), exec("ls", more), "hold");
for (const tool of ["write", "edit", "apply_patch", "browser", "sessions_spawn", "sessions_send", "web_fetch", "nonesuch", "tiny__peek"]) is(tool, judge(tool, {}, "phone"), "hold");
is("message read", judge("message", { action: "read" }, "phone"), "pass");
is("message send", judge("message", { action: "send" }, "phone"), "hold");
is("cron add", judge("cron", { action: "add" }, "phone"), "hold");
is("the inner call", judge("tool_call", {}, "stranger"), "pass");
for (const kind of ["stranger", "record"]) is(`write of a ${kind}`, /NOT done/.test(judge("write", {}, kind)), true);
is("a stranger's read", /NOT done/.test(judge("read", {}, "stranger")), true);
is("a stranger's read, if wanted", judge("read", {}, "stranger", { strangersRead: true }), "pass");
is("a long command", actionOf("exec", { command: "x".repeat(500) }), null);
is("a command", actionOf("exec", { command: "rm -r ~/Downloads", workdir: "/x" }), "run: rm -r ~/Downloads (in /x)");
for (const [tool, params] of [["write", { path: "/a", content: "y".repeat(9999) }], ["message", { action: "send", target: "+1", message: "hello ".repeat(99) }], ["nonesuch", { a: "z".repeat(1000) }]]) is(tool, actionOf(tool, params)?.length <= 450, true);
is("cron later", actsLater("exec", { command: "openclaw cron add x" }), true);
is("heartbeat later", actsLater("write", { path: "/w/HEARTBEAT.md" }), true);
is("ls later", actsLater("exec", { command: "ls" }), false);
for (const [key, kind] of [["agent:main:phone", "phone"], ["agent:main:phone-1", "phone"], ["agent:main:clawdtalk-stranger-1", "stranger"], ["agent:main:phonebook", undefined], ["agent:main:main", undefined]]) is(key, whose({ sessionKey: key })?.kind, kind);
is("our own in main", whose({ sessionKey: "agent:main:main", requester: { channel: "webchat", senderId: "openclaw-probe" } })?.kind, "record");
if (wrong.length) { console.error(wrong.join("\n")); process.exit(1); }
