//! The fields of forms, as a person fills them in.

use crate::browser::Browser;

impl Browser {
    /// What a field holds.
    pub async fn value(&self, css: &str) -> String {
        let value = "return document.querySelector(arguments[0]).value";
        let value = self.run(value, vec![css.into()]).await;
        value.as_str().unwrap().to_owned()
    }

    /// Replaces the text of a field.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.see(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Chooses an option of a list by its value.
    pub async fn choose(&self, css: &str, value: &str) {
        let list = self.see(css).await;
        list.select_by_value(value).await.unwrap();
    }
}
