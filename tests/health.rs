//! What an orchestrator asks.
use crate::support::on_each_database;

on_each_database! {
    async fn a_fresh_server_is_alive_and_ready(app) {
        app.anonymous().get("/healthz").await.expect(200);
        app.anonymous().get("/readyz").await.expect(200);
    }

    async fn every_answer_names_its_request(app) {
        let answer = app.anonymous().get("/healthz").await;
        assert_eq!(answer.header("x-request-id").len(), 16);
        let chosen = app.anonymous().header("x-request-id", "from-a-proxy-1").get("/healthz").await;
        assert_eq!(chosen.header("x-request-id"), "from-a-proxy-1");
    }
}
