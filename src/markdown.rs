//! Markdown of strangers, made into HTML that a page may hold: no scripts, no styles, no forms, nothing that acts by itself.
//!
//! Links go out of the page with `rel="nofollow noopener noreferrer"`, and only to the web or to mail. What is relative is
//! relative to nothing here, so such links lose their target and such images become their text.
use std::{collections::HashSet, sync::LazyLock};

use ammonia::{Builder, UrlRelative};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html::push_html};

/// How deep lists, quotes and emphasis may be nested; what is deeper is as deep as that.
const DEPTH_MAX: usize = 50;
/// How many pieces of HTML a text may hold; further ones stand there as text. Reading tags that are nested very deep takes time
/// that grows with the square of their number.
const RAW_MAX: usize = 1000;

/// How many characters of the HTML may be written as references, such as `&amp;`; of a text with more, the text itself is shown.
/// Reading them takes time that grows with the square of their number.
const REFERENCES_MAX: usize = 4000;

/// The HTML of a text in Markdown (CommonMark, with tables, footnotes and strikethrough).
pub fn html(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM;
    let events = Flatten::default();
    let events =
        Parser::new_ext(markdown, options).scan(events, |flat, event| Some(flat.pass(event)));
    let mut made = String::with_capacity(markdown.len() + markdown.len() / 2);
    push_html(&mut made, events.flatten());
    match made.matches('&').count() > REFERENCES_MAX {
        true => verbatim(markdown),
        false => CLEAN.clean(&made).to_string(),
    }
}

/// A text as it was written.
fn verbatim(text: &str) -> String {
    let mut made = String::from("<pre>");
    for c in text.chars() {
        match c {
            '&' => made.push_str("&amp;"),
            '<' => made.push_str("&lt;"),
            '>' => made.push_str("&gt;"),
            '"' => made.push_str("&quot;"),
            c => made.push(c),
        }
    }
    made + "</pre>"
}

static CLEAN: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut clean = Builder::default();
    clean
        .link_rel(Some("nofollow noopener noreferrer"))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .rm_tags(["area", "map"]);
    clean
});

/// Leaves out nesting that nobody reads, and images that are nowhere.
#[derive(Default)]
struct Flatten {
    depth: usize,
    /// For each image that is open, whether it is left out.
    images: Vec<bool>,
    /// How many tags of HTML there were.
    raw: usize,
}

impl Flatten {
    fn pass<'a>(&mut self, event: Event<'a>) -> Option<Event<'a>> {
        match &event {
            Event::Start(Tag::Image { dest_url, .. }) => {
                let nowhere = !is_on_the_web(dest_url);
                self.images.push(nowhere);
                (!nowhere).then_some(event)
            }
            Event::End(TagEnd::Image) => {
                let nowhere = self.images.pop().unwrap_or_default();
                (!nowhere).then_some(event)
            }
            Event::Start(
                Tag::BlockQuote(_)
                | Tag::List(_)
                | Tag::Item
                | Tag::Emphasis
                | Tag::Strong
                | Tag::Strikethrough,
            ) => {
                self.depth += 1;
                (self.depth <= DEPTH_MAX).then_some(event)
            }
            Event::End(
                TagEnd::BlockQuote(_)
                | TagEnd::List(_)
                | TagEnd::Item
                | TagEnd::Emphasis
                | TagEnd::Strong
                | TagEnd::Strikethrough,
            ) => {
                self.depth = self.depth.saturating_sub(1);
                (self.depth < DEPTH_MAX).then_some(event)
            }
            Event::Html(raw) | Event::InlineHtml(raw) => {
                self.raw += raw.matches('<').count();
                match self.raw > RAW_MAX {
                    true => Some(Event::Text(raw.clone())),
                    false => Some(event),
                }
            }
            _ => Some(event),
        }
    }
}

fn is_on_the_web(url: &str) -> bool {
    let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    lower.starts_with("https://") || lower.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use super::html;

    #[test]
    fn text_becomes_html() {
        let made = html(
            "# Tool\n\nReads *fast*, see [docs](https://example.org/a?b=c&d=e).\n\n| a | b |\n|---|---|\n| 1 | ~~2~~ |\n\n```sh\napptainer run <x>\n```\n",
        );
        for part in [
            "<h1>Tool</h1>",
            "<em>fast</em>",
            "<a href=\"https://example.org/a?b=c&amp;d=e\" rel=\"nofollow noopener noreferrer\">docs</a>",
            "<td><del>2</del></td>",
            "<pre><code>apptainer run &lt;x&gt;\n</code></pre>",
        ] {
            assert!(made.contains(part), "{part}: {made}");
        }
    }

    #[test]
    fn nothing_that_acts_gets_through() {
        for evil in [
            "<script>alert(1)</script>",
            "<scr<script>ipt>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<img src=\"https://e.org/x\" onload=\"alert(1)\">",
            "<svg onload=alert(1)><script>alert(1)</script></svg>",
            "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
            "<a href=\"javascript:alert(1)\">x</a>",
            "<a href=\"JaVaScRiPt&#58;alert(1)\">x</a>",
            "<a href=\"java\tscript:alert(1)\">x</a>",
            "<a href=\" &#1;javascript:alert(1)\">x</a>",
            "[x](javascript:alert(1))",
            "[x](  JAVASCRIPT:alert(1))",
            "[x](java&#115;cript:alert(1))",
            "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
            "[x](vbscript:msgbox(1))",
            "![x](javascript:alert(1))",
            "![x](\"onerror=\"alert(1))",
            "![\"onerror=alert(1) x=](https://e.org/a.png)",
            "[a]: javascript:alert(1)\n\n[a]",
            "<javascript:alert(1)>",
            "<iframe src=\"https://e.org\"></iframe>",
            "<object data=\"x\"></object><embed src=\"x\">",
            "<form action=\"https://e.org\"><input name=password><button>go</button></form>",
            "<style>body{background:url(https://e.org)}</style>",
            "<p style=\"position:fixed;top:0\">x</p>",
            "<base href=\"https://e.org/\">",
            "<meta http-equiv=\"refresh\" content=\"0;url=https://e.org\">",
            "<link rel=stylesheet href=\"https://e.org/x.css\">",
            "<div onclick=alert(1) onmouseover=alert(1)>x</div>",
            "<details open ontoggle=alert(1)>x</details>",
            "<a href=\"https://e.org\" target=_blank onclick=alert(1)>x</a>",
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
            "<!--><img src=x onerror=alert(1)>-->",
            "<![CDATA[<img src=x onerror=alert(1)>]]>",
            "<?php echo '<script>alert(1)</script>' ?>",
            "<template><script>alert(1)</script></template>",
            "<video src=x onerror=alert(1)></video><audio autoplay onplay=alert(1)></audio>",
            "<p id=\"form_token\" name=\"form_token\" class=\"error\">x</p>",
        ] {
            let made = html(evil).to_lowercase();
            // What is left of it may stand in the text, where it does nothing.
            let mut tags = String::new();
            let mut inside = false;
            for c in made.chars() {
                match c {
                    '<' => inside = true,
                    '>' => inside = false,
                    c if inside => tags.push(c),
                    _ => {}
                }
                if inside && c == '<' {
                    tags.push(' ');
                }
            }
            for word in [
                "script", "onerror=", "onload", "onclick", "onmouse", "ontoggle", "onplay",
                "iframe", "object", "embed", "form", "input", "button", "style", "base", "meta",
                "svg", "math", "data:", "template", "target", "class=", "id=", "noscript", "video",
                "audio",
            ] {
                // A word within the quotes of a title or of an alternative text acts as little.
                let unquoted: String = tags.split('"').step_by(2).collect();
                assert!(!unquoted.contains(word), "{word} of {evil}: {made}");
            }
            assert!(
                !made.contains("href=\"java") && !made.contains("src=\"java"),
                "{evil}: {made}"
            );
            assert!(
                !made.contains("href=\"data") && !made.contains("href=\"vb"),
                "{evil}: {made}"
            );
        }
    }

    #[test]
    fn what_is_relative_is_left_out() {
        let made = html(
            "![logo](docs/logo.png) ![far](//e.org/x.png) ![here](https://e.org/x.png) [up](../x) [mail](mailto:a@e.org)",
        );
        assert!(
            made.contains("logo far <img src=\"https://e.org/x.png\" alt=\"here\">"),
            "{made}"
        );
        assert!(
            made.contains("<a rel=\"nofollow noopener noreferrer\">up</a>"),
            "{made}"
        );
        assert!(made.contains("href=\"mailto:a@e.org\""), "{made}");
        assert_eq!(
            html("<img src=\"/auth/sign-out\" alt=\"x\">").trim(),
            "<img alt=\"x\">"
        );
    }

    #[test]
    fn texts_that_are_nested_deep_are_made_all_the_same() {
        let length = 512 << 10;
        for pattern in [
            ">", "> ", "- ", "[", "![", "*", "_a", "**a ", "`", "<", "<b>", "<a>", "<div>",
            "<table>", "&", "\\", "|a", "[^1]", "~",
        ] {
            let made = html(&pattern.repeat(length / pattern.len()));
            assert!(made.len() < 100 * length, "{pattern}");
        }
    }
}
