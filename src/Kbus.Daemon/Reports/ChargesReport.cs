using System.Text.Json;
using Kbus.Core;

namespace Kbus.Daemon;

/// <summary>What <c>kbus status --charges</c> shows: who holds how much of what is limited, those first who hold the greatest part.</summary>
/// <param name="daemon">What it is about.</param>
internal sealed class ChargesReport(Daemon daemon) : Report(daemon)
{
    private static readonly ChargeKind[] OfBus = [ChargeKind.Bindings, ChargeKind.NameBytes, ChargeKind.Requests, ChargeKind.MessageBytes];
    private static readonly ChargeKind[] OfDaemon = [ChargeKind.Ksocks, ChargeKind.Buses];

    /// <inheritdoc/>
    protected override void BeginDaemon(Daemon about)
    {
        ChargesSnapshot? ofDaemon = null;
        about.Shares.Read(book => ofDaemon = new ChargesSnapshot(book, OfDaemon));
        Json.WritePropertyName("daemon");
        Write(Json, ofDaemon!, null);
    }

    /// <inheritdoc/>
    protected override ReportPiece MakeNext(StatusPage page, Action<ReportPiece> filled) => new ChargesQuestion(OfBus, filled);

    /// <inheritdoc/>
    protected override bool WritePiece(ReportPiece piece)
    {
        Write(Json, ((ChargesQuestion)piece).Snapshot!, Number);
        return true;
    }

    private void Write(Utf8JsonWriter json, ChargesSnapshot snapshot, uint? bus)
    {
        json.WriteStartObject();
        if (bus is { } number)
        {
            json.WriteNumber("bus", number);
        }

        WriteAmounts(json, "limits", snapshot, snapshot.Limits);
        WriteAmounts(json, "held", snapshot, snapshot.Held);
        json.WriteNumber("users_in_all", snapshot.UsersInAll);
        json.WriteStartArray("users");
        foreach (ChargesSnapshot.Row user in snapshot.Users)
        {
            Write(json, snapshot, user, isProcess: false);
        }

        json.WriteEndArray();
        json.WriteNumber("processes_in_all", snapshot.ProcessesInAll);
        json.WriteStartArray("processes");
        foreach (ChargesSnapshot.Row process in snapshot.Processes)
        {
            Write(json, snapshot, process, isProcess: true);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void Write(Utf8JsonWriter json, ChargesSnapshot snapshot, in ChargesSnapshot.Row row, bool isProcess)
    {
        json.WriteStartObject();
        json.WriteNumber("uid", row.UserId);
        if (isProcess)
        {
            json.WriteNumber("pid", row.ProcessId);
            json.WriteString("program", Names.Of(row.ProcessId));
        }

        WriteAmounts(json, "held", snapshot, row.Held);
        WriteAmounts(json, "share", snapshot, row.Share);
        json.WriteEndObject();
    }

    private static void WriteAmounts(Utf8JsonWriter json, string name, ChargesSnapshot snapshot, in ChargeAmounts amounts)
    {
        json.WriteStartObject(name);
        foreach (ChargeKind kind in snapshot.Kinds)
        {
            json.WriteNumber(NameOf(kind), amounts[(int)kind]);
        }

        json.WriteEndObject();
    }

    private static string NameOf(ChargeKind kind) => kind switch
    {
        ChargeKind.Bindings => "bindings",
        ChargeKind.NameBytes => "name_bytes",
        ChargeKind.Requests => "requests",
        ChargeKind.MessageBytes => "message_bytes",
        ChargeKind.Ksocks => "ksocks",
        _ => "buses",
    };
}
