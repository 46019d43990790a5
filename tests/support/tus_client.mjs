// One upload by the real tus-js-client, told what to do by a JSON object on standard input.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { text } from "node:stream/consumers";
import * as tus from "tus-js-client";

const order = JSON.parse(await text(process.stdin));
const { size } = await stat(order.file);
const seen = { requests: [], retries: 0 };

const upload = new tus.Upload(createReadStream(order.file), {
  endpoint: `${order.url}/api/v1/uploads`,
  uploadUrl: order.resume ?? null,
  uploadSize: size,
  chunkSize: order.chunk ?? Number.POSITIVE_INFINITY,
  retryDelays: [100, 300, 500, 1000, 1000, 2000, 2000, 3000],
  metadata: { case: order.case, attachment: order.attachment },
  uploadDataDuringCreation: order.during === true,
  headers: { Cookie: order.cookie, "X-CSRF-Token": order.csrf },
  onAfterResponse: (request, response) => {
    const offset = response.getHeader("Upload-Offset");
    seen.requests.push([request.getMethod(), response.getStatus(), offset]);
  },
  onShouldRetry: () => {
    seen.retries += 1;
    return true;
  },
  onProgress: (sent) => {
    if (order.abortAt && sent >= order.abortAt) {
      upload.abort().then(() => finish({ aborted: true }));
      order.abortAt = 0;
    }
  },
  onSuccess: () => finish({}),
  onError: (error) => finish({ error: String(error) }),
});

let finished = false;

function finish(more) {
  if (finished) return;
  finished = true;
  process.stdout.write(JSON.stringify({ ...seen, ...more, url: upload.url }), () => process.exit(0));
}

upload.start();
