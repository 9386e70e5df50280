//! The table of legal forms (`schemas/legal_forms.toml`).
