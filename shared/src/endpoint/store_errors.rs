//! The API errors for errors of the store.

use crate::{
    error::ApiError,
    store::{bounded_collection::BoundedCollection, store_error::StoreError},
};

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Failed(cause) => Self::internal(cause),
            // What is answered where a call was done before is decided after the handler: see `once`.
            StoreError::Contended | StoreError::DoneBefore => Self::contended(),
            StoreError::TooLarge(BoundedCollection::Thread) => {
                Self::conflict("The ticket is too long to take another message. Open a new one.")
            }
            StoreError::TooLarge(BoundedCollection::CannedReplies) => Self::conflict(
                "The workspace's canned replies are too long to take more. Delete one that is not used.",
            ),
            StoreError::TooLarge(BoundedCollection::Tags) => Self::conflict(
                "The workspace has more tags than fit into one answer. Take some off its tickets.",
            ),
        }
    }
}
