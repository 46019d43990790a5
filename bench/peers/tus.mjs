// A peer for comparison: the reference tus server with its file store.
// No account, no permission, no trace, no digest, and no fsync: it answers before bytes are durable.
import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";

const [, , port, directory] = process.argv;
const server = new Server({ path: "/files", datastore: new FileStore({ directory }) });
server.listen({ host: "127.0.0.1", port: Number(port) });
