// Bundles `src/` into one folder that the binary embeds: `node build.mjs --out <folder>` (default `dist`).
//
// The output needs no network: one script, one style sheet, no fonts, no workers. The two GraphiQL
// files carry a hash of their content in the name, so that a browser may keep them for ever.

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { notices } from './licenses.mjs';

const { out } = parseArgs({ options: { out: { type: 'string', default: 'dist' } } }).values;

const shared = {
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  outdir: out,
  legalComments: 'external',
  target: ['chrome111', 'firefox115', 'safari16.4'],
  logLevel: 'warning',
};

/** Drops web fonts: system fonts read as well, weigh nothing and need no licence of their own. */
const systemFonts = {
  name: 'system-fonts',
  setup({ onLoad }) {
    onLoad({ filter: /graphiql.*\.css$/ }, async ({ path }) => {
      const css = await readFile(path, 'utf8');
      return { contents: css.replace(/@font-face\s*\{[^}]*\}/g, ''), loader: 'css' };
    });
  },
};

const graphiql = await build({
  ...shared,
  entryPoints: { graphiql: 'src/main.jsx' },
  entryNames: 'graphiql/[name]-[hash]',
  format: 'esm',
  jsx: 'automatic',
  loader: { '.graphql': 'text' },
  define: { 'process.env.NODE_ENV': '"production"' },
  plugins: [systemFonts],
});
const pages = await build({ ...shared, entryPoints: ['src/page.css'] });

const comments = graphiql.outputFiles.filter(({ path }) => path.endsWith('.LEGAL.txt'));
const assets = [...graphiql.outputFiles, ...pages.outputFiles].filter((file) => !comments.includes(file));

await rm(out, { recursive: true, force: true });
for (const { path, contents } of assets) {
  await write(path, contents);
}
await write(join(out, 'graphql.html'), await page());
await write(join(out, 'licenses.txt'), await notices(graphiql.metafile, comments));

/** Fills the page with the hashed names of its script and its style sheet. */
async function page() {
  const template = await readFile('src/graphql.html', 'utf8');
  return template.replace(/\{\{(\w+)\}\}/g, (_, extension) => assetUrl(extension));
}

function assetUrl(extension) {
  const { path } = graphiql.outputFiles.find(({ path }) => path.endsWith(`.${extension}`));
  return `/assets/graphiql/${basename(path)}`;
}

async function write(path, contents) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, contents);
}
