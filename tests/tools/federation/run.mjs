// Puts Apollo's composition and gateway in front of subgraphs, and answers operations across them.
//
// Reads one JSON object from standard input: `subgraphs` (`name`, `url`, and `token` to learn the schema with, or `sdl`),
// `jobs` (whether a small service of Slurm jobs joins), and `operations` (`query`, `variables`, `token`). Prints one with
// `errors` of the composition, `supergraph`, and the `answers`.
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { composeServices } from '@apollo/composition';
import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql, parse } from 'graphql';
import gql from 'graphql-tag';

const { subgraphs, jobs, operations } = JSON.parse(await text(process.stdin));

/** Jobs that run images; it knows of an image only the digest. */
const slurm = gql`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])

  type Query {
    slurmJobs(state: String): [SlurmJob!]!
  }

  type SlurmJob @key(fields: "id") {
    id: ID!
    state: String!
    image: Image
  }

  scalar Digest

  type Image @key(fields: "digest") {
    digest: Digest!
    jobs: [SlurmJob!]!
  }
`;
const known = (jobs ?? []).map(({ id, state, digest }) => ({ id, state, image: { __typename: 'Image', digest } }));
const resolvers = {
  Query: { slurmJobs: (_, { state }) => known.filter((job) => !state || job.state === state) },
  SlurmJob: { __resolveReference: ({ id }) => known.find((job) => job.id === id) },
  Image: {
    __resolveReference: ({ digest }) => ({ digest }),
    jobs: ({ digest }) => known.filter((job) => job.image.digest === digest),
  },
};

/** Serves a schema on a free port, and tells its address. */
async function serve(schema) {
  const server = createServer(async (request, response) => {
    const { query, variables } = JSON.parse(await text(request));
    const answer = await graphql({ schema, source: query, variableValues: variables });
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${server.address().port}/` };
}

/** Asks a subgraph for its schema, as routers do. */
async function learn({ url, token }) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query: '{ _service { sdl } }' }),
  });
  const answer = await response.json();
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data._service.sdl;
}

const all = [];
for (const subgraph of subgraphs) {
  all.push({ ...subgraph, typeDefs: parse(subgraph.sdl ?? (await learn(subgraph))) });
}
let service;
if (jobs) {
  service = await serve(buildSubgraphSchema({ typeDefs: slurm, resolvers }));
  all.push({ name: 'slurm', url: service.url, typeDefs: slurm });
}
const composed = composeServices(all);
const answers = [];
if (!composed.errors) {
  const gateway = new ApolloGateway({
    supergraphSdl: composed.supergraphSdl,
    buildService: ({ url }) =>
      new RemoteGraphQLDataSource({
        url,
        willSendRequest: ({ request, context }) => {
          if (context.token) request.http.headers.set('authorization', `Bearer ${context.token}`);
        },
      }),
  });
  const server = new ApolloServer({ gateway });
  await server.start();
  for (const { query, variables, token } of operations) {
    const { body } = await server.executeOperation({ query, variables }, { contextValue: { token } });
    answers.push(body.singleResult);
  }
  await server.stop();
}
service?.server.close();
const errors = (composed.errors ?? []).map(({ message, extensions }) => ({ message, code: extensions?.code }));
process.stdout.write(JSON.stringify({ errors, supergraph: composed.supergraphSdl, answers }));
