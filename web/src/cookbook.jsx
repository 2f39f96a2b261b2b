import { useEditorContext } from '@graphiql/react';
import { cookbook } from './cookbook.js';

/** A pane of queries that answer real questions; each opens in a tab of its own. */
export const cookbookPlugin = { title: 'Cookbook', icon: Icon, content: Cookbook };

function Cookbook() {
  const { addTab, queryEditor } = useEditorContext({ nonNull: true });
  const open = (query) => {
    addTab();
    // The editor takes the text of the new tab once that is drawn.
    setTimeout(() => queryEditor?.setValue(query));
  };
  return (
    <section className="cookbook" aria-label="Cookbook">
      <h2>Cookbook</h2>
      <ul>
        {cookbook.map((query) => (
          <li key={query}>
            <button type="button" onClick={() => open(query)}>
              {question(query)}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The first comment of a query is the question that it answers. */
function question(query) {
  return query.split('\n', 1)[0].replace(/^#\s*/, '');
}

function Icon() {
  return (
    <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M4 3h9l3 3v11H4zM7 8h6M7 11h6M7 14h4" />
    </svg>
  );
}
