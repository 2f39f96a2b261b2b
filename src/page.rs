//! Pages for people.
use poem::{IntoResponse, Response, http::header, web::Html};

/// A page, with the headers that every page needs.
pub fn html(body: String) -> Response {
    Html(body)
        .with_header(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        )
        .with_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .with_header(header::REFERRER_POLICY, "no-referrer")
        .with_header(header::CACHE_CONTROL, "no-store")
        .into_response()
}
