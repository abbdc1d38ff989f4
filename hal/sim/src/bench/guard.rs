//! Who may ask: pages of the workbench itself. Another site that is open in the same browser may not,
//! neither by a name of its own that leads to this machine (DNS rebinding) nor by sending a form here.

use std::net::SocketAddr;

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderMap, HeaderValue, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

/// The names under which the workbench is served.
#[derive(Clone)]
pub struct Guard {
    hosts: [String; 2],
}

impl Guard {
    /// For a page that is served at this address.
    pub fn new(served: SocketAddr) -> Self {
        Self {
            hosts: [served.to_string(), format!("localhost:{}", served.port())],
        }
    }

    /// Nothing but its own pages may look, and whatever changes something has to say where it comes from.
    fn admits(&self, method: &Method, headers: &HeaderMap) -> bool {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let Some(host) = text(HOST.as_str())
            .filter(|host| self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)))
        else {
            return false;
        };
        let own = match headers.get(ORIGIN) {
            Some(origin) => origin
                .to_str()
                .is_ok_and(|origin| origin.eq_ignore_ascii_case(&format!("http://{host}"))),
            None => *method == Method::GET,
        };
        // Browsers tell it of themselves; a typed address is `none`.
        let site = text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
        own && site
    }
}

/// Refuses strangers, and tells browsers to keep nothing and to load nothing from elsewhere.
pub async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let mut response = if guard.admits(request.method(), request.headers()) {
        next.run(request).await
    } else {
        super::refuse(
            StatusCode::FORBIDDEN,
            "the workbench answers its own page alone",
        )
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'; form-action 'none'; base-uri 'none'",
        ),
    );
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("same-origin"),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(method: Method, headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .map(|&(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect();
        Guard::new("127.0.0.1:8000".parse().unwrap()).admits(&method, &headers)
    }

    #[test]
    fn its_own_page_may_look_and_do() {
        let own = [
            ("host", "127.0.0.1:8000"),
            ("origin", "http://127.0.0.1:8000"),
            ("sec-fetch-site", "same-origin"),
        ];
        assert!(admits(Method::POST, &own));
        assert!(admits(Method::GET, &own));
        assert!(admits(Method::GET, &[("host", "localhost:8000")]));
        assert!(admits(
            Method::POST,
            &[
                ("host", "LOCALHOST:8000"),
                ("origin", "http://localhost:8000")
            ]
        ));
    }

    #[test]
    fn strangers_may_not() {
        for headers in [
            &[][..],
            // A name that was made to lead here.
            &[("host", "evil.example:8000")],
            &[("host", "127.0.0.1")],
            &[("host", "127.0.0.1:9000")],
            &[
                ("host", "127.0.0.1:8000"),
                ("origin", "http://evil.example"),
            ],
            &[("host", "127.0.0.1:8000"), ("origin", "null")],
            // Both are names of this machine, but not the same.
            &[
                ("host", "127.0.0.1:8000"),
                ("origin", "http://localhost:8000"),
            ],
            &[
                ("host", "127.0.0.1:8000"),
                ("origin", "https://127.0.0.1:8000"),
            ],
            &[("host", "127.0.0.1:8000"), ("sec-fetch-site", "cross-site")],
            &[("host", "127.0.0.1:8000"), ("sec-fetch-site", "same-site")],
        ] {
            assert!(!admits(Method::GET, headers), "{headers:?}");
            assert!(!admits(Method::POST, headers), "{headers:?}");
        }
        assert!(!admits(Method::POST, &[("host", "127.0.0.1:8000")]));
    }
}
