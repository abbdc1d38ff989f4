//! The OpenAPI 3.1 document, generated from the types. `openapi.json` is its copy to read.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, Content, HttpMethod, InfoBuilder, OpenApi, OpenApiBuilder, Paths, Ref,
    RefOr, Required, ResponseBuilder, Schema,
};
use utoipa::{PartialSchema, ToSchema};

use crate::problem::{Kind, Problem};
use crate::{CaseNumber, api, problem};

/// The document.
pub fn document() -> OpenApi {
    let mut schemas = Vec::new();
    add::<Problem>(&mut schemas);
    add::<api::Receipt>(&mut schemas);
    add::<api::ProgressRequest>(&mut schemas);
    add::<api::Progress>(&mut schemas);
    add::<api::Evaluation>(&mut schemas);
    add::<api::Remark>(&mut schemas);
    add::<api::OpinionReceipt>(&mut schemas);
    add::<api::Time>(&mut schemas);
    schemas.sort_by(|a, b| a.0.cmp(&b.0));
    schemas.dedup_by(|a, b| a.0 == b.0);
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Yici: terminal and upstream")
                .version(crate::VERSION.to_string())
                .description(Some(ABOUT)),
        )
        .paths(paths())
        .components(Some(
            ComponentsBuilder::new()
                .schemas_from_iter(schemas)
                .security_scheme(
                    PROOF,
                    SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(
                        "Authorization",
                        "`Yici-Device PROOF`: HPKE in mode Auth over the request, by the device's key; \
                         the module `proof` of the crate yici-contract says how.",
                    ))),
                )
                .build(),
        ))
        .build()
}

/// The document as checked in: JSON with two blanks of indentation and a line break at its end.
///
/// # Errors
/// None that a build of this crate can have.
pub fn text() -> Result<String, serde_json::Error> {
    Ok(document().to_pretty_json()? + "\n")
}

const PROOF: &str = "device";

const ABOUT: &str = "What a terminal asks of upstream. HTTPS alone; every call but the time carries \
    the device's proof; every call may be repeated, with the same effect once and the same answer; \
    a request that takes longer than 60 s is dropped. Errors are problems (RFC 9457): programs go by \
    their `type` alone. A case that is received is not accepted: only the unit accepts, by its own \
    notice.";

fn paths() -> Paths {
    let deliver = operation(
        "deliver",
        "Delivers a sealed case",
        &[
            &ANY,
            &PROVED,
            &[Kind::Conflict, Kind::CannotOpen, Kind::UnknownMatter],
        ],
    )
    .description(Some(
        "Stored durably before it is answered. The same bytes again: the same answer. Other bytes \
             under the same number: 409. At most 32 MiB. The body is the envelope's bytes, as the \
             module `envelope` of the crate yici-contract describes them.",
    ))
    .parameter(
        ParameterBuilder::new()
            .name("number")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some("The case's number, without dashes or with"))
            .schema(Some(CaseNumber::schema())),
    )
    .parameter(
        ParameterBuilder::new()
            .name(api::IDEMPOTENCY_KEY)
            .parameter_in(ParameterIn::Header)
            .required(Required::True)
            .description(Some("The case's id, made from its number"))
            .schema(Some(text_of(SchemaFormat::Custom("uuid".into())))),
    )
    .request_body(Some(
        RequestBodyBuilder::new()
            .content(
                api::SEALED_CASE,
                Content::new(Some(text_of(SchemaFormat::KnownFormat(
                    KnownFormat::Binary,
                )))),
            )
            .required(Some(Required::True))
            .build(),
    ))
    .response(
        "200",
        json::<api::Receipt>("Upstream has the case, durably"),
    )
    .security(proof());
    let progress = operation(
        "progress",
        "How a case is getting on",
        &[&ANY, &PROVED, &[Kind::NotFound]],
    )
    .description(Some(
        "Opened by the slip's secret, or by the ID card of one of the case's people as the terminal \
             has just read it. A number that is not known and a key that does not open it read the \
             same: 404. After ten wrong keys for one number in an hour every key for it is answered \
             with 429 until the hour is over.",
    ))
    .request_body(Some(json_body::<api::ProgressRequest>()))
    .response("200", json::<api::Progress>("How each unit is getting on"))
    .security(proof());
    let evaluate = opinion::<api::Evaluation>("evaluate", "Takes an evaluation");
    let remark = opinion::<api::Remark>("remark", "Takes that a guide or an answer is wrong");
    let catalogue = operation(
        "catalogue",
        "The published catalogue",
        &[&ANY, &[Kind::UnknownDevice, Kind::ClockOff, Kind::KeyGone, Kind::NotFound]],
    )
    .description(Some(
        "One signed bundle of at most 16 MiB, as the crate yici-catalog-publish describes it. A device \
             goes by the three signatures in it, and by nothing that this answer says. 404: none is \
             published.",
    ))
    .parameter(
        ParameterBuilder::new()
            .name("If-None-Match")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some("The ETag of the bundle that the device has"))
            .schema(Some(any_text())),
    )
    .response(
        "200",
        ResponseBuilder::new()
            .description("The bundle")
            .content(
                api::CATALOGUE_BUNDLE,
                Content::new(Some(text_of(SchemaFormat::KnownFormat(
                    KnownFormat::Binary,
                )))),
            )
            .header("ETag", etag()),
    )
    .response(
        "304",
        ResponseBuilder::new()
            .description("The bundle is the one that the device has")
            .header("ETag", etag()),
    )
    .security(proof());
    let time = operation("time", "That upstream serves, and its time", &[&ANY])
        .response("200", json::<api::Time>("Upstream serves"));
    Paths::builder()
        .path(api::DELIVER, PathItem::new(HttpMethod::Put, deliver))
        .path(api::PROGRESS, PathItem::new(HttpMethod::Post, progress))
        .path(api::EVALUATE, PathItem::new(HttpMethod::Put, evaluate))
        .path(api::REMARK, PathItem::new(HttpMethod::Put, remark))
        .path(api::CATALOGUE, PathItem::new(HttpMethod::Get, catalogue))
        .path(api::TIME, PathItem::new(HttpMethod::Get, time))
        .build()
}

/// An operation that takes an opinion under an id that the device makes.
fn opinion<T: ToSchema>(id: &str, summary: &str) -> OperationBuilder {
    operation(id, summary, &[&ANY, &PROVED, &[Kind::Conflict]])
        .parameter(
            ParameterBuilder::new()
                .name("id")
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .description(Some("A random UUID that the device makes"))
                .schema(Some(text_of(SchemaFormat::Custom("uuid".into())))),
        )
        .request_body(Some(json_body::<T>()))
        .response(
            "200",
            json::<api::OpinionReceipt>("Upstream has it, durably"),
        )
        .security(proof())
}

/// What any call may answer.
const ANY: [Kind; 4] = [Kind::TooSlow, Kind::TooMany, Kind::Failed, Kind::Busy];
/// What any call with a proof and a body may answer beside these.
const PROVED: [Kind; 6] = [
    Kind::Malformed,
    Kind::UnknownDevice,
    Kind::ClockOff,
    Kind::KeyGone,
    Kind::TooLarge,
    Kind::MediaType,
];

/// An operation with the problems it may answer, one response a status.
fn operation(id: &str, summary: &str, problems: &[&[Kind]]) -> OperationBuilder {
    let mut operation = OperationBuilder::new()
        .operation_id(Some(id))
        .summary(Some(summary));
    let mut problems = problems.concat();
    problems.sort_by_key(|kind| kind.status());
    for kinds in problems.chunk_by(|a, b| a.status() == b.status()) {
        let titles: Vec<String> = kinds.iter().map(|k| Problem::new(*k).title).collect();
        let response = ResponseBuilder::new()
            .description(titles.join("; or: "))
            .content(
                problem::MEDIA_TYPE,
                Content::new(Some(Ref::from_schema_name(Problem::name()))),
            );
        operation = operation.response(kinds[0].status().to_string(), response.build());
    }
    operation
}

fn json<T: ToSchema>(description: &str) -> utoipa::openapi::Response {
    ResponseBuilder::new()
        .description(description)
        .content("application/json", reference::<T>())
        .build()
}

fn json_body<T: ToSchema>() -> utoipa::openapi::request_body::RequestBody {
    RequestBodyBuilder::new()
        .content("application/json", reference::<T>())
        .required(Some(Required::True))
        .build()
}

fn reference<T: ToSchema>() -> Content {
    Content::new(Some(Ref::from_schema_name(T::name())))
}

fn text_of(format: SchemaFormat) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(format))
        .into()
}

fn any_text() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).into()
}

fn etag() -> utoipa::openapi::Header {
    HeaderBuilder::new()
        .schema(Some(any_text()))
        .description(Some("Another one for each other bundle"))
        .build()
}

fn proof() -> SecurityRequirement {
    SecurityRequirement::new(PROOF, Vec::<String>::new())
}

fn add<T: ToSchema>(schemas: &mut Vec<(String, RefOr<Schema>)>) {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
}
