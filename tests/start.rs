//! A function with wrong settings logs the reason and does not start.

use local::lambda::{self, Instance};

use crate::app::binary;

#[tokio::test]
async fn a_function_names_a_missing_or_wrong_setting_and_does_not_start() {
    let table = ("TABLE_NAME", "t");
    let region = ("AWS_REGION", "us-east-1");
    let cases = [
        ("health", vec![], "TABLE_NAME: is not set"),
        ("health", vec![table], "AWS_REGION: is not set"),
        (
            "api-keys-list",
            vec![table, region, ("CALLER_LIMIT", "many")],
            "CALLER_LIMIT: must be a whole number from 1 to 999999999",
        ),
        (
            "api-keys-list",
            vec![table, region, ("SESSION_IDLE_HOURS", "0")],
            "SESSION_IDLE_HOURS: must be a whole number from 1 to 99999",
        ),
        (
            "not-found",
            vec![region, ("SUPPORT_URL", "javascript:alert(1)")],
            "SUPPORT_URL: must be an https:// or mailto: URL",
        ),
    ];
    for (function, settings, message) in cases {
        let settings: Vec<_> = settings
            .iter()
            .map(|(n, v)| (n.to_string(), v.to_string()))
            .collect();
        let instance = Instance::start(&binary(function), &settings, lambda::TIMEOUT)
            .await
            .unwrap();
        let (status, log) = instance.ended().await.unwrap();
        assert!(!status.success());
        assert!(
            log.iter()
                .any(|line| line.contains("FATAL") && line.contains(message)),
            "{log:?}"
        );
    }
}
