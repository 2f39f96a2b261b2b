// Collects the notices of every package whose code reaches the bundle, and refuses licences that
// would bind the people who pass the binary on.

import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const PERMISSIVE = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];
const RULE = `\n${'-'.repeat(78)}\n`;

/** Returns the third-party notices as text; throws when a package is not under a permissive licence. */
export async function notices(metafile, comments) {
  const texts = await Promise.all(packages(metafile).map(notice));
  const inline = comments.map(({ text }) => `Notices inside the sources\n\n${text}`);
  return ['The web page of sifhub contains these packages.', ...texts, ...inline].join(RULE);
}

/** Lists the folders of the packages that gave at least one byte to an output. */
function packages(metafile) {
  const used = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0),
  );
  const folders = used.map(([path]) => path.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0]);
  return [...new Set(folders.filter(Boolean))].sort();
}

async function notice(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  if (!PERMISSIVE.includes(license)) {
    throw new Error(`${name} ${version} is licensed ${license}, which is not one of ${PERMISSIVE.join(', ')}`);
  }
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return [`${name} ${version} (${license})`, ...texts.map((text) => text.trim())].join('\n\n');
}
