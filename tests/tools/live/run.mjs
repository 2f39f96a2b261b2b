// Listens to one subscription with the clients graphql-ws and graphql-sse.
//
// Reads one JSON object from standard input: `address`, `token`, `query` and `variables`. Prints a line when a client has its
// first answer (`client`, `answer`), and one when it has its last (`client`, `end`).
import { createClient as bySse } from 'graphql-sse';
import { createClient as byWs } from 'graphql-ws';
import { text } from 'node:stream/consumers';
import WebSocket from 'ws';

const { address, token, query, variables } = JSON.parse(await text(process.stdin));
const authorization = `Bearer ${token}`;
const clients = {
  'graphql-ws': byWs({
    url: `ws://${address}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization },
    retryAttempts: 0,
  }),
  'graphql-sse': bySse({ url: `http://${address}/graphql`, headers: { authorization }, retryAttempts: 0 }),
};

const tell = (line) => console.log(JSON.stringify(line));

/** Listens until there is no more. */
async function listen(client) {
  let answer;
  for await (const next of clients[client].iterate({ query, variables })) {
    if (!answer) tell({ client, answer: next });
    answer = next;
  }
  tell({ client, end: answer });
  await clients[client].dispose();
}

await Promise.all(Object.keys(clients).map(listen));
process.exit();
