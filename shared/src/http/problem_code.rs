//! Every code of a problem, in one table. The problem documents are made from it.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! problem_codes {
    ($($name:ident = $text:tt, $status:ident, $cause:literal, $remedy:literal;)+) => {
        /// The code of a problem, for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[schema(as = Code)]
        pub enum ProblemCode {
            $(#[doc = $cause] #[serde(rename = $text)] $name),+
        }

        impl ProblemCode {
            /// Every one of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The code as clients see it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            /// Its HTTP status.
            pub fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status),+ }
            }

            /// Why it is returned.
            pub fn cause(self) -> &'static str {
                match self { $(Self::$name => $cause),+ }
            }

            /// What a client does about it.
            pub fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy),+ }
            }
        }
    };
}

problem_codes! {
    MalformedRequest = "malformed_request", BAD_REQUEST,
        "The body is not JSON, not UTF-8, or could not be read.",
        "Send one JSON object, encoded in UTF-8.";
    CursorInvalid = "cursor_invalid", BAD_REQUEST,
        "The cursor was altered, or belongs to another list or user.",
        "Begin without a cursor and follow `next_cursor`.";
    IdempotencyKeyInvalid = "idempotency_key_invalid", BAD_REQUEST,
        "The Idempotency-Key is empty, too long, or not visible ASCII.",
        "Send 1 to 255 visible ASCII characters; a UUID is a good key.";
    SignatureInvalid = "signature_invalid", BAD_REQUEST,
        "The event is not signed with the endpoint's secret, or was signed too long ago.",
        "Check the signing secret of the endpoint, and the clock.";
    Unauthenticated = "unauthenticated", UNAUTHORIZED,
        "No valid access token was sent: it is missing, altered, expired or revoked, or the account is gone.",
        "Refresh the token; if that fails too, sign in again.";
    OtpInvalid = "otp_invalid", UNAUTHORIZED,
        "The code is not the one that was sent.",
        "Ask the user to read it again. Five wrong tries end the challenge.";
    ChallengeExpired = "challenge_expired", UNAUTHORIZED,
        "The challenge has expired, was used, was tried too often, or never existed.",
        "Request another code.";
    CredentialsInvalid = "credentials_invalid", UNAUTHORIZED,
        "The number or the password is not right, or the account has no password.",
        "Ask the user again, or sign in with a code.";
    RefreshInvalid = "refresh_invalid", UNAUTHORIZED,
        "The refresh token is not valid any more: expired, revoked, or used before.",
        "Sign in again.";
    Forbidden = "forbidden", FORBIDDEN,
        "The token or key is valid, but not for this.",
        "Use the token or key that this operation needs.";
    FreshSignInRequired = "fresh_sign_in_required", FORBIDDEN,
        "The session was opened too long ago for this: an access token alone may be stolen.",
        "Sign in again with a code or the password, and repeat the request with the new access token.";
    AccountLocked = "account_locked", FORBIDDEN,
        "The code is right, but too many wrong ones were tried for this number before it.",
        "Wait for `Retry-After`; meanwhile sign in with a password, or from a device that signed in before.";
    NotFound = "not_found", NOT_FOUND,
        "The path or the thing does not exist, or belongs to another user.",
        "Check the address; read the list again.";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED,
        "The path does not have that method.",
        "Use one of the methods in the `Allow` header.";
    PasswordChanged = "password_changed", CONFLICT,
        "The password was changed elsewhere while this request ran.",
        "Ask the user for the current password and try again.";
    ReplyUnfinished = "reply_unfinished", CONFLICT,
        "A reply to this message is not finished yet.",
        "Wait for it, or cancel it.";
    AlreadySubscribed = "already_subscribed", CONFLICT,
        "There is a subscription already.",
        "Read the subscription's status.";
    OtherSubscription = "other_subscription", CONFLICT,
        "There is a subscription already, and it is not to Pro.",
        "Cancel it first, or ask the support of the service.";
    PaymentPending = "payment_pending", CONFLICT,
        "The payment of the subscription is still being processed.",
        "Wait until it is complete; read the subscription's status.";
    PaymentDue = "payment_due", CONFLICT,
        "There is a subscription whose payment is missing.",
        "Follow `payment_problem` of the subscription's status.";
    SubscriptionPaused = "subscription_paused", CONFLICT,
        "There is a subscription, and it is paused.",
        "Resume it (`POST /subscription/resume`).";
    SubscriptionScheduled = "subscription_scheduled", CONFLICT,
        "A schedule at Stripe decides when the subscription changes or ends.",
        "Ask the support of the service.";
    PaymentMethodMissing = "payment_method_missing", CONFLICT,
        "The customer has no means of payment.",
        "Add one in the portal, then try again.";
    NoSubscription = "no_subscription", CONFLICT,
        "There is no subscription.",
        "Subscribe first.";
    AlreadyCancelled = "already_cancelled", CONFLICT,
        "The subscription is already set to end.",
        "Do nothing. To undo the cancellation, reactivate the subscription.";
    NotCancelled = "not_cancelled", CONFLICT,
        "The subscription is not set to end, so there is no cancellation to undo.",
        "Do nothing.";
    NotPaused = "not_paused", CONFLICT,
        "The subscription is not paused, so there is nothing to resume.",
        "Do nothing.";
    PayloadTooLarge = "payload_too_large", PAYLOAD_TOO_LARGE,
        "The body is too large.",
        "Send less: 128 KiB at most; 1 MiB to the webhook.";
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE,
        "The body is not declared as JSON.",
        "Send `Content-Type: application/json`.";
    ValidationFailed = "validation_failed", UNPROCESSABLE_ENTITY,
        "Fields or parameters are missing, unknown, or not acceptable; `errors` names them.",
        "Correct what `errors` points to.";
    CountryNotSupported = "country_not_supported", UNPROCESSABLE_ENTITY,
        "Codes are not sent to numbers of this country.",
        "Use a number from another country.";
    ChallengeTokenInvalid = "challenge_token_invalid", UNPROCESSABLE_ENTITY,
        "The deployment wants proof that a person asks, and `challenge_token` is missing, used, expired or not valid.",
        "Show the challenge, and send the token that it gives.";
    SignupExpired = "signup_expired", UNPROCESSABLE_ENTITY,
        "There is no sign-up with this id for this number.",
        "Sign up again, or request a code without `signup_id`.";
    PasswordCommon = "password_common", UNPROCESSABLE_ENTITY,
        "The password is guessed first: it is a common one, the own number, or the name of the service.",
        "Choose another password.";
    IdempotencyKeyReused = "idempotency_key_reused", UNPROCESSABLE_ENTITY,
        "The Idempotency-Key belongs to another message.",
        "Make a new key for each message; repeat it only for the same message.";
    AllowanceSpent = "allowance_spent", TOO_MANY_REQUESTS,
        "All messages of the day are spent; `allowance` says when there are new ones.",
        "Wait for `Retry-After`, or follow `upgrade`.";
    TooManyUnfinished = "too_many_unfinished", TOO_MANY_REQUESTS,
        "Too many of the user's replies are unfinished.",
        "Wait for one of them (`Retry-After` says when to look again), or cancel one.";
    TooManyRooms = "too_many_rooms", TOO_MANY_REQUESTS,
        "The user has as many rooms as a user may have.",
        "Delete a room, then try again.";
    OtpCooldown = "otp_cooldown", TOO_MANY_REQUESTS,
        "A code was sent to this number a moment ago.",
        "Wait for `Retry-After`.";
    OtpMobileLimit = "otp_mobile_limit", TOO_MANY_REQUESTS,
        "Too many codes were sent to this number.",
        "Wait for `Retry-After`.";
    OtpIpLimit = "otp_ip_limit", TOO_MANY_REQUESTS,
        "Too many codes were requested from this address.",
        "Wait for `Retry-After`.";
    OtpMobileIpLimit = "otp_mobile_ip_limit", TOO_MANY_REQUESTS,
        "Too many codes for this number were requested from this address.",
        "Wait for `Retry-After`.";
    OtpOpenLimit = "otp_open_limit", TOO_MANY_REQUESTS,
        "Others have requested codes for this number, and too many of them are still open.",
        "Wait for `Retry-After`, or send the `device_token` of an earlier sign-in.";
    LoginIpLimit = "login_ip_limit", TOO_MANY_REQUESTS,
        "Too many passwords were tried from this address.",
        "Wait for `Retry-After`.";
    LoginMobileLimit = "login_mobile_limit", TOO_MANY_REQUESTS,
        "Too many passwords were tried for this number.",
        "Send the `device_token` of an earlier sign-in, sign in with a code, or wait for `Retry-After`.";
    PasswordUserLimit = "password_user_limit", TOO_MANY_REQUESTS,
        "The current password was given wrongly too often.",
        "Wait for `Retry-After`, or reset the password.";
    PasswordHashLimit = "password_hash_limit", TOO_MANY_REQUESTS,
        "Too many passwords were sent from this address within a minute.",
        "Wait for `Retry-After`.";
    SignupIpLimit = "signup_ip_limit", TOO_MANY_REQUESTS,
        "Too many sign-ups came from this address.",
        "Wait for `Retry-After`.";
    RefreshUserLimit = "refresh_user_limit", TOO_MANY_REQUESTS,
        "The user has renewed sessions too often within a minute.",
        "Wait for `Retry-After`; the refresh token stays valid.";
    TooManyRequests = "too_many_requests", TOO_MANY_REQUESTS,
        "Too many requests came from this user or this address within a minute.",
        "Wait for `Retry-After`, and ask less often.";
    BillingUserLimit = "billing_user_limit", TOO_MANY_REQUESTS,
        "The user has asked to change the subscription, or for its pages, too often.",
        "Wait for `Retry-After`. The subscription's status can be read meanwhile.";
    OperatorIpLimit = "operator_ip_limit", TOO_MANY_REQUESTS,
        "Too many wrong operator keys came from this address.",
        "Wait for `Retry-After`; then send the right key.";
    Internal = "internal", INTERNAL_SERVER_ERROR,
        "Something went wrong in the service. It has been logged.",
        "Try again later; quote the `request_id` when you report it.";
    PortalNotConfigured = "portal_not_configured", INTERNAL_SERVER_ERROR,
        "The service has not set up the portal.",
        "Do without the portal; report it with the `request_id`.";
    Unavailable = "unavailable", SERVICE_UNAVAILABLE,
        "Something that the service needs does not answer.",
        "Try again after `Retry-After`.";
}
