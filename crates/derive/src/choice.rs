use heck::ToSnakeCase;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Ident, LitStr, Result};

pub fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Enum(data) = &input.data else {
        return Err(Error::new_spanned(input, "Choice is for enums"));
    };
    let name = &input.ident;
    let mut choices = Vec::new();
    let mut values = Vec::new();
    for variant in &data.variants {
        let (mut zh, mut en, mut tone, mut made) = (None, None, None, "new");
        for attr in variant.attrs.iter().filter(|a| a.path().is_ident("choice")) {
            attr.parse_nested_meta(|meta| {
                match meta.path.get_ident().map(Ident::to_string).as_deref() {
                    Some("zh") => zh = Some(meta.value()?.parse::<LitStr>()?),
                    Some("en") => en = Some(meta.value()?.parse::<LitStr>()?),
                    Some("tone") => tone = Some(meta.value()?.parse::<Ident>()?),
                    Some("closes") => made = "closing",
                    _ => return Err(meta.error("expected zh, en, tone or closes")),
                }
                Ok(())
            })?;
        }
        let (Some(zh), Some(en)) = (zh, en) else {
            return Err(Error::new_spanned(variant, "a choice needs its names: #[choice(zh = \"…\", en = \"…\")]"));
        };
        let tone = tone.unwrap_or_else(|| Ident::new("Neutral", variant.ident.span()));
        let value = variant.ident.to_string().to_snake_case();
        let ident = &variant.ident;
        let made = Ident::new(made, variant.ident.span());
        choices.push(quote!(::kezhan_meta::Choice::#made(#value, #zh, #en, ::kezhan_meta::Tone::#tone)));
        values.push(quote!(#name::#ident => #value));
    }
    Ok(quote! {
        impl #name {
            /// The value as stored and sent.
            pub const fn key(&self) -> &'static str {
                match self { #(#values),* }
            }
        }
        impl ::kezhan_meta::ChoiceSet for #name {
            const CHOICES: &'static [::kezhan_meta::Choice] = &[#(#choices),*];
        }
        impl ::kezhan_meta::FieldKind for #name {
            const KIND: ::kezhan_meta::FieldType = ::kezhan_meta::FieldType::Choice {
                options: ::std::borrow::Cow::Borrowed(<#name as ::kezhan_meta::ChoiceSet>::CHOICES),
            };
        }
    })
}
