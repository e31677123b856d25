//! Derives that turn a plain struct or enum into metadata.
//!
//! Lives here: reading attributes and printing constants. Never here: behaviour, or a look at what a
//! field's type *is*; every type names its own `FieldType` through `kezhan_meta::FieldKind`.

mod choice;
mod object;

use proc_macro::TokenStream;

/// `META: ObjectMeta` and `impl Object` from a struct; doc comments become help texts.
///
/// ```ignore
/// #[derive(Object, Serialize, Deserialize)]
/// #[object(name = "account", plural = "accounts", zh = "客户", en = "Account", en_many = "Accounts",
///          area = Customers, icon = "building-2", title = "name", listed)]
/// pub struct Account {
///     /// Registered name.
///     #[field(zh = "客户名称", en = "Name", search, indexed, length(1, 200))]
///     pub name: String,
/// }
/// ```
#[proc_macro_derive(Object, attributes(object, field))]
pub fn object(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    object::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// `ChoiceSet` and `FieldKind` from an enum of unit variants: `#[choice(zh = "…", en = "…", tone = Success)]`.
/// A variant's value is its name in snake case, as serde's `rename_all = "snake_case"` has it.
#[proc_macro_derive(Choice, attributes(choice))]
pub fn choice(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    choice::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// The text of an item's doc comment, one paragraph a line.
fn docs(attrs: &[syn::Attribute]) -> String {
    let mut out = String::new();
    for attr in attrs.iter().filter(|a| a.path().is_ident("doc")) {
        if let syn::Meta::NameValue(syn::MetaNameValue {
            value: syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }),
            ..
        }) = &attr.meta
        {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(text.value().trim());
        }
    }
    out
}
