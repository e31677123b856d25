//! What the answers on the way in look like, and those about second factors and policies.

use chrono::{DateTime, Utc};
use utoipa::ToSchema;
use uuid::Uuid;

/// What is missing yet of a sign-in.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes an answer")]
pub struct SignInChallenge {
    /// `second_factor`: show one, with `finishSignIn`. `enrol`: set one up, with `enrolAtSignIn`, and confirm it with
    /// `finishSignIn`. `password`: choose another one, with `renewPassword`.
    #[schema(example = "second_factor")]
    step: String,
    /// Names the sign-in; good for completing it, in the same browser or, where it began without cookies, without, and for
    /// nothing else.
    #[schema(example = "kzc_AZ3mQ0x")]
    challenge: String,
    /// Seconds until it is over.
    #[schema(example = 600)]
    expires_in: i64,
    /// What can be shown: `totp`, `passkey`, `recovery_code`.
    factors: Vec<String>,
    /// Of a second factor that was set up just now; shown once.
    #[schema(nullable = false)]
    recovery_codes: Option<Vec<String>>,
}

/// A secret to be put into an authenticator application.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes an answer")]
pub struct TotpOffer {
    /// Base32, to be typed where nothing can be scanned.
    #[schema(example = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    secret: String,
    #[schema(example = "otpauth://totp/Kezhan:wang.wei?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Kezhan")]
    uri: String,
    /// The same as a QR code, an SVG document.
    #[schema(example = "<svg/>")]
    qr_svg: String,
}

/// Each is good once. They are shown here and never again.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes an answer")]
pub struct RecoveryCodes {
    #[schema(example = json!(["7K3M-9QTZ-04XH-PWEB"]))]
    recovery_codes: Vec<String>,
}

/// What the caller has beside their password.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes an answer")]
pub struct SecondFactor {
    /// Since when there is an authenticator application.
    totp_since: Option<DateTime<Utc>>,
    /// Recovery codes that have not been used.
    #[schema(example = 10)]
    recovery_codes: i64,
    #[schema(example = 2)]
    passkeys: i64,
    /// Whether there is a password of ours.
    password: bool,
    /// Whether the company asks it of the caller.
    required: bool,
}

/// What a policy would do if it were in force.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes an answer")]
pub struct PolicyEffect {
    /// People who can sign in now.
    #[schema(example = 40)]
    people: i64,
    /// Those of them who will have to set up a second factor before anything else.
    #[schema(example = 12)]
    second_factor: i64,
    /// Those who will have to change their password at the next sign-in.
    #[schema(example = 0)]
    password: i64,
    /// Sessions that end at once: their people have not shown a second factor and now must.
    #[schema(example = 12)]
    sessions: i64,
}

/// What a company asks of everybody who signs in.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes a body")]
pub struct SecurityPolicy {
    /// Fewest characters of a password.
    #[schema(minimum = 8, maximum = 64, default = 8, example = 12)]
    password_length: Option<u32>,
    /// Of how many classes of characters a password must have some: small letters, capitals, digits, others.
    #[schema(minimum = 0, maximum = 4, default = 0, example = 0)]
    password_classes: Option<u32>,
    /// Refuse passwords that are common, or made of the person's own name.
    #[schema(default = true, example = true)]
    password_guessable_refused: Option<bool>,
    /// How many former passwords may not come again, the present one included.
    #[schema(minimum = 0, maximum = 12, default = 0, example = 3)]
    password_history: Option<u32>,
    /// Days after which a password has to be changed; never where null.
    #[schema(minimum = 1, maximum = 730, example = 180)]
    password_days: Option<u32>,
    /// Days after which one has to sign in again in any case; never where null.
    #[schema(minimum = 1, maximum = 365, example = 30)]
    session_days: Option<u32>,
    /// Minutes without use after which a session ends; as the installation has it where null. Use is seen when a token
    /// is renewed, so a session may end later by the life of an access token.
    #[schema(minimum = 15, maximum = 43200, example = 480)]
    idle_minutes: Option<u32>,
    /// Who must have a second factor: `optional`, `required` for everybody, or `roles`.
    #[schema(default = "optional", example = "roles")]
    second_factor: Option<String>,
    /// Whose people must have one.
    second_factor_roles: Option<Vec<Uuid>>,
}

/// A link that nobody has used yet.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes an answer")]
pub struct Invitation {
    id: Uuid,
    user: Uuid,
    #[schema(example = "李娜")]
    name: String,
    #[schema(example = "li.na")]
    username: Option<String>,
    /// `invitation`, or `reset` for somebody who has forgotten their password.
    #[schema(example = "invitation")]
    purpose: String,
    created_at: DateTime<Utc>,
    /// Who made it, by name.
    #[schema(example = "王伟")]
    created_by: Option<String>,
    expires_at: DateTime<Utc>,
    expired: bool,
}

#[derive(ToSchema)]
#[allow(dead_code, reason = "describes an answer")]
pub struct InvitationList {
    data: Vec<Invitation>,
}

/// A link that has just been made.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes an answer")]
pub struct InvitationMade {
    id: Uuid,
    user: Uuid,
    #[schema(example = "invitation", nullable = false)]
    purpose: Option<String>,
    /// To be put behind the address of the application; missing where the answer is a repetition.
    #[schema(example = "/welcome#kzi_AZ3mQ0x", nullable = false)]
    path: Option<String>,
    #[schema(nullable = false)]
    expires_at: Option<DateTime<Utc>>,
}

/// Whom a link is for.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes an answer")]
pub struct Welcome {
    /// `invitation`, or `reset` for somebody who has forgotten their password.
    #[schema(example = "invitation")]
    purpose: String,
    #[schema(example = "李娜")]
    name: String,
    #[schema(example = "li.na")]
    username: Option<String>,
    #[schema(example = "杭州鑫茂贸易有限公司")]
    company: String,
    /// The company's key.
    #[schema(example = "xinmao")]
    tenant: String,
    expires_at: DateTime<Utc>,
    /// Fewest characters of the password.
    #[schema(example = 8)]
    password_length: u32,
    /// Classes of characters that it must have some of.
    #[schema(example = 0)]
    password_classes: u32,
}

/// A passkey of the caller's.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes an answer")]
pub struct Passkey {
    id: Uuid,
    #[schema(example = "办公电脑")]
    name: String,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
}

#[derive(ToSchema)]
#[allow(dead_code, reason = "describes an answer")]
pub struct PasskeyList {
    data: Vec<Passkey>,
}

/// A passkey that was registered just now.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes an answer")]
pub struct PasskeyMade {
    id: Uuid,
    #[schema(example = "办公电脑")]
    name: String,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    /// With the first second factor, else empty; missing where the answer is a repetition.
    #[schema(nullable = false)]
    recovery_codes: Option<Vec<String>>,
}

/// What a device is asked to sign.
#[derive(ToSchema)]
#[schema(example = json!({"ceremony": "018f3a52-0000-7000-8000-000000000001", "options": {"challenge": "AQIDBA", "rpId": "crm.example.com", "userVerification": "required", "timeout": 300000}}))]
#[allow(dead_code, reason = "describes an answer")]
pub struct Ceremony {
    /// Names it in the answer.
    ceremony: Uuid,
    /// As WebAuthn wants them, binary values in base64url.
    #[schema(value_type = Object)]
    options: serde_json::Value,
}
