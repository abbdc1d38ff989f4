//! Personal values: zeroised when dropped, never shown by `Debug`.

use std::fmt;

use data_encoding::BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::ToSchema;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A personal text. In JSON a string.
#[derive(
    Clone, Default, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop, ToSchema,
)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct Private(String);

/// Personal bytes, such as a signature's picture. In JSON base64 with padding.
#[derive(Clone, Default, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct PrivateBytes(Vec<u8>);

impl Private {
    /// Takes a text over.
    pub fn new(text: impl Into<String>) -> Private {
        Private(text.into())
    }

    /// The text, for where it is needed.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl PrivateBytes {
    /// Takes bytes over.
    pub fn new(bytes: Vec<u8>) -> PrivateBytes {
        PrivateBytes(bytes)
    }

    /// The bytes, for where they are needed.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Private(…)")
    }
}

impl fmt::Debug for PrivateBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateBytes(…)")
    }
}

impl Serialize for PrivateBytes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let text = Zeroizing::new(BASE64.encode(&self.0));
        to.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for PrivateBytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<PrivateBytes, D::Error> {
        let text = Zeroizing::new(String::deserialize(from)?);
        // The library's error quotes what it could not read: it goes no further.
        BASE64
            .decode(text.as_bytes())
            .map(PrivateBytes)
            .map_err(|_| de::Error::custom("not base64"))
    }
}
