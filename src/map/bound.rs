//! How much a field may hold, in words: for those who wonder why a record was over a limit.

use crate::model::limit;

/// The bound of a field of the event, by its path as a refusal names it.
pub fn bound(field: &str) -> String {
    let bytes = |most: usize| format!("at most {most} bytes");
    let items = |most: usize| format!("at most {most} items");
    let top = field.split(['.', '[']).next().unwrap_or_default();
    let of_list = field.ends_with(']');
    match (top, field.rsplit('.').next().unwrap_or_default()) {
        ("event_id" | "case_id", _) => {
            format!("{} with the platform's name and `/` before it", bytes(limit::ID_BYTES_MAX))
        }
        ("references", _) if of_list => {
            format!("{} with the platform's name and `/` before it", bytes(limit::ID_BYTES_MAX))
        }
        ("references", _) => items(limit::REFERENCES_MAX),
        ("products", "products") => items(limit::PRODUCTS_MAX),
        ("measures", "measures") => items(limit::MEASURES_MAX),
        ("legal_basis", "legal_basis") => items(limit::LEGAL_BASES_MAX),
        ("info", "info") => items(limit::INFO_MAX),
        ("info", "headline") => bytes(limit::HEADLINE_BYTES_MAX),
        ("info", "description") => bytes(limit::DESCRIPTION_BYTES_MAX),
        ("resources", "resources") => items(limit::RESOURCES_MAX),
        ("sharing_groups", _) if !of_list => items(limit::EVENT_GROUPS_MAX),
        ("for_follow_up" | "for_attention" | "distribution", _) if !of_list => items(limit::PLACES_MAX),
        ("subject", "identifiers") => items(limit::IDENTIFIERS_MAX),
        ("subject", place) if place.starts_with("identifiers[") || place == "value" => bytes(limit::ID_BYTES_MAX),
        _ => bytes(limit::TEXT_BYTES_MAX),
    }
}
