// Settings that every editor of the page shares; GraphiQL has no property for them.

import CodeMirror from 'codemirror';
import 'codemirror/keymap/sublime';

CodeMirror.defaults.lineWrapping = true;

// Tab moves the focus out of an editor, as it does everywhere else in a page; without this a
// person who uses only the keyboard could never leave one. While a list of completions is open,
// Tab still picks one. Lines are indented by Prettify (Shift-Ctrl-P) or by Ctrl-].
for (const name of ['basic', 'sublime']) {
  CodeMirror.keyMap[name].Tab = false;
  CodeMirror.keyMap[name]['Shift-Tab'] = false;
}
