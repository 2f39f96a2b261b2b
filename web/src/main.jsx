import { createRoot } from 'react-dom/client';
import { GraphiQL } from 'graphiql';
import 'graphiql/style.css';
import './graphiql.css';
import './editor.js';
import { cookbookPlugin } from './cookbook.jsx';
import { examples } from './examples.js';
import { fetcher } from './fetcher.js';

/** The width from which the editors stand beside the result; `graphiql.css` holds its twin. */
const wide = matchMedia('(min-width: 48rem)').matches;

document.title = `GraphQL · ${location.host} · sifhub`;
document.getElementById('host').textContent = `GraphQL on ${location.host}`;

// Headers may hold a token, so the browser must not write them to its storage.
createRoot(document.getElementById('graphiql')).render(
  <GraphiQL
    fetcher={fetcher}
    defaultTabs={examples}
    plugins={[cookbookPlugin]}
    defaultEditorToolsVisibility={wide && 'headers'}
    shouldPersistHeaders={false}
  >
    <GraphiQL.Logo>
      <a href="/assets/licenses.txt">Licences</a>
    </GraphiQL.Logo>
  </GraphiQL>,
);
