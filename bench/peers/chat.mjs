// A peer for comparison: Node, socket.io, one committed SQLite insert per message, room fan-out.
// No account, no permission, no trace, no receipts: less work than a real service does.
import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { Server } from "socket.io";

const [, , port, file] = process.argv;
const database = new DatabaseSync(file);
database.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;");
database.exec("CREATE TABLE IF NOT EXISTS message (id TEXT PRIMARY KEY, room TEXT, at INTEGER, sealed BLOB)");
const insert = database.prepare("INSERT INTO message VALUES (?, ?, ?, ?)");

const http = createServer((_request, response) => response.end("ok"));
const io = new Server(http, { perMessageDeflate: false, transports: ["websocket"] });
let sequence = 0;
io.on("connection", (socket) => {
  socket.on("case:join", ({ case: room }, answer) => {
    socket.join(room);
    answer({ code: "ok" });
  });
  socket.on("message:post", (message, answer) => {
    sequence += 1;
    insert.run(message.id, message.case, Date.now(), Buffer.from(message.sealed, "base64"));
    socket.to(message.case).emit("message:posted", { ...message, sequence });
    answer({ code: "ok", sequence });
  });
});
http.listen(Number(port), "127.0.0.1", 4096);
