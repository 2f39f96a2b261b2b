import { getOperationAST } from 'graphql';
import { createClient } from 'graphql-sse';

const ENDPOINT = '/graphql';

/**
 * Sends one operation to the server that served this page. A subscription goes on: its answers come one by one.
 *
 * The extra header proves that the request was made by a script of this origin: a foreign page
 * cannot add it without a permission that the server never gives, so the session cookie is safe.
 */
export function fetcher(operation, { headers, documentAST } = {}) {
  const own = { ...headers, 'X-Sifhub-Csrf': '1' };
  const asked = documentAST && getOperationAST(documentAST, operation.operationName);
  return asked?.operation === 'subscription' ? listen(operation, own) : ask(operation, own);
}

async function ask(operation, headers) {
  const response = await fetch(ENDPOINT, {
    method: 'POST',
    credentials: 'same-origin',
    headers: { accept: 'application/json', 'content-type': 'application/json', ...headers },
    body: JSON.stringify(operation),
  });
  return parse(response, await response.text());
}

/** Listens until whoever listens stops, or the server says why there is no more; nothing is begun again unasked. */
function listen(operation, headers) {
  return createClient({ url: ENDPOINT, credentials: 'same-origin', headers, retryAttempts: 0 }).iterate(operation);
}

/** Reads the answer; a proxy in between may have sent a page instead of JSON. */
function parse(response, body) {
  try {
    return JSON.parse(body);
  } catch {
    const answer = `${response.status} ${response.statusText}`.trim();
    return { errors: [{ message: `the server answered ${answer} without JSON: ${body.slice(0, 500)}` }] };
  }
}
