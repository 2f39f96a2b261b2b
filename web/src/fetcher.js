const ENDPOINT = '/graphql';

/**
 * Sends one operation to the server that served this page.
 *
 * The extra header proves that the request was made by a script of this origin: a foreign page
 * cannot add it without a permission that the server never gives, so the session cookie is safe.
 */
export async function fetcher(operation, { headers } = {}) {
  const response = await fetch(ENDPOINT, {
    method: 'POST',
    credentials: 'same-origin',
    headers: {
      accept: 'application/json',
      'content-type': 'application/json',
      ...headers,
      'X-Sifhub-Csrf': '1',
    },
    body: JSON.stringify(operation),
  });
  return parse(response, await response.text());
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
