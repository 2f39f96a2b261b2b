//! What clients say of quotas.
use crate::support::{SifBuilder, apptainer::Site};

#[test]
fn push_tells_what_is_used_of_the_quota() {
    let site = Site::with(&[("quota.namespace.size", "1 MiB")]);
    let alice = site.user("alice");
    alice.put("a.sif", SifBuilder::new("amd64"));
    alice
        .run("push -U a.sif library://alice/tools/a:1")
        .ok()
        .says("Library storage: using")
        .says("out of 1.00 MiB quota");
}

#[test]
fn image_that_does_not_fit_is_refused_in_words_and_not_sent() {
    let site = Site::with(&[("quota.namespace.size", "1 MiB")]);
    let alice = site.user("alice");
    alice.put("big.sif", SifBuilder::new("amd64").payload(2 << 20, 7));
    let requests = site.requests_of(|| {
        alice
            .run("push -U big.sif library://alice/tools/a:1")
            .fails()
            .says("the quota of the namespace alice is 1048576 bytes");
    });
    let sent = |request: &&String| request.starts_with("PUT");
    assert_eq!(requests.iter().filter(sent).count(), 0, "{requests:#?}");
}
