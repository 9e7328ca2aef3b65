//! A function with wrong settings logs the reason and does not start.

use local::lambda::{self, Instance};

use crate::app::binary;

#[tokio::test]
async fn a_function_names_a_missing_or_wrong_setting_and_does_not_start() {
    let cases = [
        (vec![], "TABLE_NAME: is not set"),
        (vec![("TABLE_NAME", "t")], "AWS_REGION: is not set"),
        (
            vec![("TABLE_NAME", "t"), ("AWS_REGION", "us-east-1")],
            "SIGNING_SECRET: is not set",
        ),
        (
            vec![
                ("TABLE_NAME", "t"),
                ("AWS_REGION", "us-east-1"),
                ("SIGNING_SECRET", "s"),
                ("CALLER_LIMIT", "many"),
            ],
            "CALLER_LIMIT: must be a whole number from 1 to 999999999",
        ),
        (
            vec![
                ("TABLE_NAME", "t"),
                ("AWS_REGION", "us-east-1"),
                ("SIGNING_SECRET", "s"),
                ("SESSION_IDLE_HOURS", "0"),
            ],
            "SESSION_IDLE_HOURS: must be a whole number from 1 to 99999",
        ),
        (
            vec![
                ("TABLE_NAME", "t"),
                ("AWS_REGION", "us-east-1"),
                ("SIGNING_SECRET", "s"),
                ("SUPPORT_URL", "javascript:alert(1)"),
            ],
            "SUPPORT_URL: must be an https:// or mailto: URL",
        ),
    ];
    for (settings, message) in cases {
        let settings: Vec<_> = settings
            .iter()
            .map(|(n, v)| (n.to_string(), v.to_string()))
            .collect();
        let instance = Instance::start(&binary("health"), &settings, lambda::TIMEOUT)
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
