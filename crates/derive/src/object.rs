use crate::docs;
use proc_macro2::TokenStream;
use quote::quote;
use syn::meta::ParseNestedMeta;
use syn::{Data, DeriveInput, Error, Fields, Ident, LitBool, LitInt, LitStr, Result, parenthesized};

#[derive(Default)]
struct ObjectAttrs {
    name: Option<LitStr>,
    plural: Option<LitStr>,
    table: Option<LitStr>,
    zh: Option<LitStr>,
    en: Option<LitStr>,
    en_many: Option<LitStr>,
    area: Option<Ident>,
    icon: Option<LitStr>,
    title: Option<LitStr>,
    scope: Option<TokenStream>,
    moment: Option<LitStr>,
    follows: Option<LitStr>,
    opens: bool,
    configured: bool,
    listed: bool,
}

impl ObjectAttrs {
    fn read(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        match meta.path.get_ident().map(Ident::to_string).as_deref() {
            Some("name") => self.name = Some(meta.value()?.parse()?),
            Some("plural") => self.plural = Some(meta.value()?.parse()?),
            Some("table") => self.table = Some(meta.value()?.parse()?),
            Some("zh") => self.zh = Some(meta.value()?.parse()?),
            Some("en") => self.en = Some(meta.value()?.parse()?),
            Some("en_many") => self.en_many = Some(meta.value()?.parse()?),
            Some("area") => self.area = Some(meta.value()?.parse()?),
            Some("icon") => self.icon = Some(meta.value()?.parse()?),
            Some("title") => self.title = Some(meta.value()?.parse()?),
            Some("moment") => self.moment = Some(meta.value()?.parse()?),
            Some("follows") => self.follows = Some(meta.value()?.parse()?),
            Some("opens") => self.opens = true,
            Some("configured") => self.configured = true,
            Some("listed") => self.listed = true,
            Some("tenant") => self.scope = Some(quote!(::kezhan_meta::Scope::Tenant)),
            Some("personal") => self.scope = Some(quote!(::kezhan_meta::Scope::Personal)),
            Some("through") => {
                let field: LitStr = meta.value()?.parse()?;
                self.scope = Some(quote! {
                    ::kezhan_meta::Scope::Through { field: ::std::borrow::Cow::Borrowed(#field) }
                });
            }
            Some("polymorphic") => {
                let inner;
                parenthesized!(inner in meta.input);
                let object: LitStr = inner.parse()?;
                inner.parse::<syn::Token![,]>()?;
                let record: LitStr = inner.parse()?;
                self.scope = Some(quote! {
                    ::kezhan_meta::Scope::Polymorphic {
                        object: ::std::borrow::Cow::Borrowed(#object),
                        record: ::std::borrow::Cow::Borrowed(#record),
                    }
                });
            }
            _ => return Err(meta.error("unknown object attribute")),
        }
        Ok(())
    }
}

#[derive(Default)]
struct FieldAttrs {
    zh: Option<LitStr>,
    en: Option<LitStr>,
    help: Option<LitStr>,
    flags: Vec<Ident>,
    sensitivity: Option<Ident>,
    rules: Vec<TokenStream>,
    default: Option<TokenStream>,
    inverse: Option<LitStr>,
    inverse_label: Option<(LitStr, LitStr)>,
    section: Option<LitStr>,
    pattern: Option<LitStr>,
    reset: Option<Ident>,
    within: Option<LitStr>,
    when: Vec<TokenStream>,
}

const FLAGS: [&str; 11] = [
    "unique",
    "indexed",
    "search",
    "read_only",
    "immutable",
    "secret",
    "sealed",
    "hidden",
    "timeline",
    "foreseen",
    "list",
];

impl FieldAttrs {
    fn read(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let Some(ident) = meta.path.get_ident() else { return Err(meta.error("unknown field attribute")) };
        match ident.to_string().as_str() {
            "zh" => self.zh = Some(meta.value()?.parse()?),
            "en" => self.en = Some(meta.value()?.parse()?),
            "help" => self.help = Some(meta.value()?.parse()?),
            flag if FLAGS.contains(&flag) => self.flags.push(ident.clone()),
            "sensitivity" => self.sensitivity = Some(meta.value()?.parse()?),
            "inverse" => self.inverse = Some(meta.value()?.parse()?),
            "inverse_label" => {
                let inner;
                parenthesized!(inner in meta.input);
                let zh: LitStr = inner.parse()?;
                inner.parse::<syn::Token![,]>()?;
                self.inverse_label = Some((zh, inner.parse()?));
            }
            "section" => self.section = Some(meta.value()?.parse()?),
            "pattern" => self.pattern = Some(meta.value()?.parse()?),
            "reset" => self.reset = Some(meta.value()?.parse()?),
            "length" => {
                let inner;
                parenthesized!(inner in meta.input);
                let min: LitInt = inner.parse()?;
                inner.parse::<syn::Token![,]>()?;
                let max: LitInt = inner.parse()?;
                self.rules.push(quote!(::kezhan_meta::Rule::Length { min: #min, max: #max }));
            }
            "range" => {
                let inner;
                parenthesized!(inner in meta.input);
                let min: LitStr = inner.parse()?;
                inner.parse::<syn::Token![,]>()?;
                let max: LitStr = inner.parse()?;
                let (min, max) = (bound(&min), bound(&max));
                self.rules.push(quote!(::kezhan_meta::Rule::Range { min: #min, max: #max }));
            }
            "not_before" => {
                let field: LitStr = meta.value()?.parse()?;
                self.rules.push(quote! {
                    ::kezhan_meta::Rule::NotBefore { field: ::std::borrow::Cow::Borrowed(#field) }
                });
            }
            "rule" => {
                let rule: Ident = meta.value()?.parse()?;
                self.rules.push(quote!(::kezhan_meta::Rule::#rule));
            }
            "default" => self.default = Some(default(meta)?),
            "within" => self.within = Some(meta.value()?.parse()?),
            "visible_when" => self.when.push(when("Visible", meta)?),
            "required_when" => self.when.push(when("Required", meta)?),
            "read_only_when" => self.when.push(when("ReadOnly", meta)?),
            _ => return Err(meta.error("unknown field attribute")),
        }
        Ok(())
    }

    fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|f| f == flag)
    }
}

/// An empty bound is none.
fn bound(text: &LitStr) -> TokenStream {
    match text.value().is_empty() {
        true => quote!(::std::option::Option::None),
        false => quote!(::std::option::Option::Some(::std::borrow::Cow::Borrowed(#text))),
    }
}

/// `visible_when("field", Op, "value")`; the values of a list are parted by `|`.
fn when(effect: &str, meta: &ParseNestedMeta<'_>) -> Result<TokenStream> {
    let inner;
    parenthesized!(inner in meta.input);
    let field: LitStr = inner.parse()?;
    inner.parse::<syn::Token![,]>()?;
    let op: Ident = inner.parse()?;
    inner.parse::<syn::Token![,]>()?;
    let value: LitStr = inner.parse()?;
    let effect = Ident::new(effect, field.span());
    Ok(quote! {
        ::kezhan_meta::layout::When {
            effect: ::kezhan_meta::layout::Effect::#effect,
            field: ::std::borrow::Cow::Borrowed(#field),
            op: ::kezhan_meta::Op::#op,
            value: ::std::borrow::Cow::Borrowed(#value),
        }
    })
}

/// `default = "text" | 3 | true | CurrentUser | Today | Now | Derived`
fn default(meta: &ParseNestedMeta<'_>) -> Result<TokenStream> {
    let value = meta.value()?;
    let path = quote!(::kezhan_meta::Default);
    Ok(if value.peek(LitStr) {
        let text: LitStr = value.parse()?;
        quote!(#path::Text(::std::borrow::Cow::Borrowed(#text)))
    } else if value.peek(LitInt) {
        let number: LitInt = value.parse()?;
        quote!(#path::Int(#number))
    } else if value.peek(LitBool) {
        let flag: LitBool = value.parse()?;
        quote!(#path::Bool(#flag))
    } else {
        let named: Ident = value.parse()?;
        quote!(#path::#named)
    })
}

pub fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Struct(syn::DataStruct { fields: Fields::Named(fields), .. }) = &input.data else {
        return Err(Error::new_spanned(input, "Object is for structs with named fields"));
    };
    let mut object = ObjectAttrs::default();
    for attr in input.attrs.iter().filter(|a| a.path().is_ident("object")) {
        attr.parse_nested_meta(|meta| object.read(&meta))?;
    }
    let need = |value: &Option<LitStr>, what: &str| {
        value.clone().ok_or_else(|| Error::new_spanned(&input.ident, format!("#[object({what} = \"…\")] is missing")))
    };
    let ty = &input.ident;
    let name = need(&object.name, "name")?;
    let plural = need(&object.plural, "plural")?;
    let table = object.table.clone().unwrap_or_else(|| plural.clone());
    let (zh, en) = (need(&object.zh, "zh")?, need(&object.en, "en")?);
    let en_many = need(&object.en_many, "en_many")?;
    let icon = need(&object.icon, "icon")?;
    let title = need(&object.title, "title")?;
    let area = object.area.clone().ok_or_else(|| Error::new_spanned(&input.ident, "#[object(area = …)] is missing"))?;
    let scope = object.scope.clone().unwrap_or_else(|| quote!(::kezhan_meta::Scope::Owned));
    let (listed, opens, configured) = (object.listed, object.opens, object.configured);
    let follows = option(object.follows.as_ref().map(borrowed));
    let moment = option(object.moment.as_ref().map(borrowed));
    let help = docs(&input.attrs);
    let metas = fields.named.iter().map(field).collect::<Result<Vec<_>>>()?;
    Ok(quote! {
        impl ::kezhan_meta::Object for #ty {
            const NAME: &'static str = #name;
        }
        impl #ty {
            const FIELDS: &'static [::kezhan_meta::FieldMeta] = &[#(#metas),*];
            /// The declaration as data.
            pub const META: ::kezhan_meta::ObjectMeta = ::kezhan_meta::ObjectMeta {
                name: ::std::borrow::Cow::Borrowed(#name),
                plural: ::std::borrow::Cow::Borrowed(#plural),
                table: ::std::borrow::Cow::Borrowed(#table),
                label: ::kezhan_meta::Label::new(#zh, #en),
                label_many: ::kezhan_meta::Label::new(#zh, #en_many),
                help: ::std::borrow::Cow::Borrowed(#help),
                area: ::kezhan_meta::Area::#area,
                icon: ::std::borrow::Cow::Borrowed(#icon),
                title: ::std::borrow::Cow::Borrowed(#title),
                scope: #scope,
                moment: #moment,
                follows: #follows,
                opens: #opens,
                configured: #configured,
                custom: false,
                listed: #listed,
                layout: ::std::option::Option::None,
                fields: ::std::borrow::Cow::Borrowed(Self::FIELDS),
            };
        }
    })
}

fn option(value: Option<TokenStream>) -> TokenStream {
    match value {
        Some(value) => quote!(::std::option::Option::Some(#value)),
        None => quote!(::std::option::Option::None),
    }
}

fn borrowed(text: &LitStr) -> TokenStream {
    quote!(::std::borrow::Cow::Borrowed(#text))
}

fn field(field: &syn::Field) -> Result<TokenStream> {
    let mut attrs = FieldAttrs::default();
    for attr in field.attrs.iter().filter(|a| a.path().is_ident("field")) {
        attr.parse_nested_meta(|meta| attrs.read(&meta))?;
    }
    let missing = || Error::new_spanned(field, "a field needs its names: #[field(zh = \"…\", en = \"…\")]");
    let zh = attrs.zh.clone().ok_or_else(missing)?;
    let en = attrs.en.clone().ok_or_else(missing)?;
    let key = field.ident.as_ref().map(|i| i.to_string().trim_start_matches("r#").to_owned()).ok_or_else(missing)?;
    let help = docs(&field.attrs);
    let help_zh = attrs.help.as_ref().map(LitStr::value).unwrap_or_default();
    if help.is_empty() != help_zh.is_empty() {
        return Err(Error::new_spanned(
            field,
            "help is for both languages: a doc comment and `help = \"…\"` in Chinese",
        ));
    }
    let ty = &field.ty;
    let kind = match &attrs.pattern {
        None => quote!(<#ty as ::kezhan_meta::FieldKind>::KIND),
        Some(pattern) => {
            let reset = attrs.reset.clone().unwrap_or_else(|| Ident::new("Never", pattern.span()));
            quote!(::kezhan_meta::FieldType::AutoNumber {
                pattern: ::std::borrow::Cow::Borrowed(#pattern),
                reset: ::kezhan_meta::Reset::#reset,
            })
        }
    };
    let [unique, indexed, search, read_only, immutable, secret, sealed, hidden, timeline, foreseen, list] =
        FLAGS.map(|flag| attrs.has(flag));
    let sensitivity = attrs.sensitivity.clone().unwrap_or_else(|| Ident::new("Internal", zh.span()));
    let rules = &attrs.rules;
    let default = option(attrs.default.clone());
    let inverse = option(attrs.inverse.as_ref().map(borrowed));
    let inverse_label =
        option(attrs.inverse_label.as_ref().map(|(zh, en)| quote!(::kezhan_meta::Label::new(#zh, #en))));
    let within = option(attrs.within.as_ref().map(borrowed));
    let when = &attrs.when;
    let section = attrs.section.as_ref().map(LitStr::value).unwrap_or_default();
    Ok(quote! {
        ::kezhan_meta::FieldMeta {
            key: ::std::borrow::Cow::Borrowed(#key),
            label: ::kezhan_meta::Label::new(#zh, #en),
            help: ::kezhan_meta::Label::new(#help_zh, #help),
            kind: #kind,
            // Completed at start-up, once the type can name its column.
            storage: ::kezhan_meta::Storage::Column(::std::borrow::Cow::Borrowed(#key)),
            required: !<#ty as ::kezhan_meta::FieldKind>::OPTIONAL,
            unique: #unique,
            indexed: #indexed || #unique,
            searchable: #search,
            read_only: #read_only,
            immutable: #immutable,
            secret: #secret,
            sealed: #sealed,
            hidden: #hidden,
            unasked: false,
            sensitivity: ::kezhan_meta::Sensitivity::#sensitivity,
            rules: {
                const RULES: &[::kezhan_meta::Rule] = &[#(#rules),*];
                ::std::borrow::Cow::Borrowed(RULES)
            },
            default: #default,
            inverse: #inverse,
            inverse_label: #inverse_label,
            timeline: #timeline,
            foreseen: #foreseen,
            section: ::std::borrow::Cow::Borrowed(#section),
            in_list: #list,
            within: #within,
            when: {
                const WHEN: &[::kezhan_meta::layout::When] = &[#(#when),*];
                ::std::borrow::Cow::Borrowed(WHEN)
            },
        }
    })
}
